/**
 * The largest of any number of values; −∞ for no values, like `Math.max`. `Math.max(...values)` passes each value as an
 * argument and throws a RangeError for more than about a hundred thousand.
 */
export function largest(values: Iterable<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (const value of values) most = Math.max(most, value)
  return most
}

/** The smallest of any number of values; ∞ for no values, like `Math.min`. See {@link largest}. */
export function smallest(values: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY
  for (const value of values) least = Math.min(least, value)
  return least
}
