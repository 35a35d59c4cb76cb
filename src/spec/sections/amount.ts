/**
 * Resolves a number of requests, or a multiple of the concurrency such as `10x`.
 *
 * @returns 0 for `0x`, otherwise at least 1
 */
export function amountAt(concurrency: number, value: number | string): number {
  // YAML can contain −0.
  if (typeof value === 'number') return value === 0 ? 0 : value
  const times = Number.parseFloat(value)
  return times === 0 ? 0 : Math.max(1, Math.round(times * concurrency))
}
