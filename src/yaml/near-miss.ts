/**
 * The known word that was probably meant, or null when none is near: at most a third of the letters are wrong
 * (optimal string alignment distance: insertions, deletions, substitutions, swapped neighbours), ignoring case and `-`/`_`.
 */
export function nearMiss(word: string, known: readonly string[]): string | null {
  const wanted = plain(word)
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const target = plain(candidate)
    if (Math.abs(target.length - wanted.length) > 4) continue
    const distance = editDistance(wanted, target)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  const allowed = Math.max(1, Math.floor(Math.max(wanted.length, 3) / 3))
  return bestDistance <= allowed ? best : null
}

function plain(word: string): string {
  return word
    .toLowerCase()
    .replace(/[-_\s]/g, '')
    .slice(0, 80)
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforePrevious[j - 2] ?? 0) + 1)
      }
      row.push(distance)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.length] ?? 0
}
