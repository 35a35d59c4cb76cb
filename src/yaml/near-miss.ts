import { distance } from 'fastest-levenshtein'

/** Longer words are compared by this many letters. */
const mostLetters = 80

/** In long names, a third of the letters would be another word. */
const mostMistakes = 4

/**
 * The known word that was probably meant, or null when none is close: at most a third of the letters, and at most four,
 * are wrong (inserted, deleted, substituted, or swapped with their neighbour), ignoring case, `-` and `_`.
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

/** Swapped neighbours are one slip of the fingers, but two edits of the Levenshtein distance. */
function mistakesBetween(a: string, b: string): number {
  const edits = distance(a, b)
  if (a.length !== b.length || edits < 2) return edits
  const [swaps, corrected] = swappedBack(a, b)
  return Math.min(edits, swaps + distance(corrected, b))
}

/** How many pairs of neighbours in `a` are the other way round in `b`, and `a` with these pairs as in `b`. */
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
