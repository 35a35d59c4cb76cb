/** Lengths in tokens. */
export interface LengthRange {
  readonly mean: number
  readonly min: number
  readonly max: number
}

/** Mean, shortest and longest of at least one length. */
export function lengthRange(tokens: Iterable<number> & { readonly length: number }): LengthRange {
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, 0]
  for (const count of tokens) {
    sum += count
    min = Math.min(min, count)
    max = Math.max(max, count)
  }
  return { mean: sum / tokens.length, min, max }
}
