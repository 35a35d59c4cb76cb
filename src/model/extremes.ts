/**
 * The largest of any number of values; −∞ of none, as `Math.max` has it. `Math.max(...values)` passes each value as an argument and fails
 * with a RangeError beyond some hundred thousand of them.
 */
export function largest(values: Iterable<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (const value of values) most = Math.max(most, value)
  return most
}

/** The smallest of any number of values; ∞ of none, as `Math.min` has it. See {@link largest}. */
export function smallest(values: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY
  for (const value of values) least = Math.min(least, value)
  return least
}
