import { distance } from 'fastest-levenshtein'

/** Number of letters that are compared in longer words. */
const mostLetters = 80

/** Maximum number of wrong letters. In long names, a third of the letters would make another word. */
const mostMistakes = 4

/**
 * Finds the known word that was probably meant, ignoring case, `-` and `_`. At most a third of its letters, and at most
 * four, may be wrong: inserted, deleted, substituted, or swapped with their neighbor. Null if no word is that close.
 */
export function nearMiss(word: string, known: Iterable<string>): string | null {
  const wanted = plain(word)
  let best: string | null = null
  let bestMistakes = Math.min(mostMistakes, Math.max(1, Math.floor(wanted.length / 3))) + 1
  for (const candidate of known) {
    const mistakes = mistakesBetween(wanted, plain(candidate))
    if (mistakes < bestMistakes) [best, bestMistakes] = [candidate, mistakes]
  }
  return best
}

function plain(word: string): string {
  return word
    .toLowerCase()
    .replace(/[-_\s]/g, '')
    .slice(0, mostLetters)
}

/** Counts swapped neighbors as one mistake. The Levenshtein distance counts them as two edits. */
function mistakesBetween(a: string, b: string): number {
  const edits = distance(a, b)
  if (a.length !== b.length || edits < 2) return edits
  const [swaps, corrected] = swappedBack(a, b)
  return Math.min(edits, swaps + distance(corrected, b))
}

/** Number of neighboring pairs in `a` that are swapped in `b`, and `a` with these pairs corrected. */
function swappedBack(a: string, b: string): readonly [swaps: number, corrected: string] {
  let swaps = 0
  let corrected = ''
  for (let i = 0; i < a.length; i++) {
    const [first = '', second = ''] = [a[i], a[i + 1]]
    if (first !== second && first === b[i + 1] && second === b[i]) {
      swaps++
      corrected += second + first
      i++
    } else corrected += first
  }
  return [swaps, corrected]
}
