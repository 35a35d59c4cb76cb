/**
 * Benjamini and Hochberg's adjusted p-values (1995), in the order given: calling those at or below q different keeps the expected
 * share of false calls among all calls at q, also under the positive dependence of metrics of one point.
 */
export function adjustForFalseDiscovery(ps: readonly number[]): readonly number[] {
  const byP = ps.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p)
  const adjusted = new Array<number>(ps.length).fill(1)
  let smallest = 1
  byP.forEach(({ p, index }, fromLargest) => {
    smallest = Math.min(smallest, (p * ps.length) / (ps.length - fromLargest))
    adjusted[index] = smallest
  })
  return adjusted
}
