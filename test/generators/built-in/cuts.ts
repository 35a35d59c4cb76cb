/** Offsets at which to cut so many bytes, from random numbers: few or many, sorted. */
export function cutsOf(numbers: Iterable<number>, length: number): number[] {
  const random = numbers[Symbol.iterator]()
  const next = () => (random.next().value as number | undefined) ?? 0
  const count = next() % 12
  return Array.from({ length: count }, () => next() % (length + 1)).sort((a, b) => a - b)
}

/** The bytes between the cuts. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts, bytes.length]
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
}
