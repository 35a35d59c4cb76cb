/**
 * Growth of the number of requests from one look to the next. Looks are few, and a point runs at most 41% longer than
 * necessary.
 */
const growth = Math.SQRT2

/**
 * Numbers of measured requests, in send order, at which to look at a measurement: from `min` to `max`, growing
 * geometrically. They are fixed before the first request, so that the answer depends only on requests and not on the
 * speed of the machine.
 */
export function lookCounts(min: number, max: number): readonly number[] {
  const counts: number[] = []
  for (let count = min; count < max; count *= growth) {
    const whole = Math.ceil(count - 1e-6)
    // A look just before the last one would add nothing to it.
    if (whole * Math.sqrt(growth) > max && counts.length > 0) break
    if (whole > (counts.at(-1) ?? 0)) counts.push(whole)
  }
  return [...counts, max]
}
