/**
 * From one look at a measurement to the next, requests grow by this: few looks, and a point runs at most 41% longer
 * than it has to.
 */
const growth = Math.SQRT2

/**
 * Numbers of measured requests, in send order, at which a measurement is looked at: from `min` to `max`, growing
 * geometrically. They are fixed before the first request, so that the answer depends on requests alone and not on how
 * fast a machine looks.
 */
export function lookCounts(min: number, max: number): readonly number[] {
  const counts: number[] = []
  for (let count = min; count < max; count *= growth) {
    const whole = Math.ceil(count - 1e-6)
    // A look just before the last one would tell nothing that the last one doesn't.
    if (whole * Math.sqrt(growth) > max && counts.length > 0) break
    if (whole > (counts.at(-1) ?? 0)) counts.push(whole)
  }
  return [...counts, max]
}
