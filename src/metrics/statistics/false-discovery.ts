/**
 * Benjamini and Hochberg's adjusted p-values (1995), in the order given: calling those at or below q different keeps
 * the expected share of false calls among all calls at q, also under the positive dependence of metrics of one point.
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

/** A test that can be called only where something else holds too, such as an effect of some size. */
export interface BoundedTest {
  /** Null where the condition doesn't hold: it is not called. */
  readonly p: number | null
  /** Probability, without a true effect, that the other condition holds. */
  readonly possible: number
}

/**
 * {@link adjustForFalseDiscovery} for tests that are called only within a condition: at a cut-off c each adds min(c,
 * possible) false calls at most rather than c, so that tests which could hardly ever be called take nothing from the
 * others (Tarone, Biometrics 1990, for Bonferroni; Heyse 2011 for false discovery). Where each is possible at any p, it
 * is Benjamini and Hochberg's.
 */
export function adjustWithinBounds(tests: readonly BoundedTest[]): readonly number[] {
  const byP = tests.flatMap(({ p }, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => b.p - a.p)
  const adjusted = new Array<number>(tests.length).fill(1)
  let smallest = 1
  byP.forEach(({ p, index }, fromLargest) => {
    const falseCalls = tests.reduce((sum, { possible }) => sum + Math.min(p, possible), 0)
    smallest = Math.min(smallest, falseCalls / (byP.length - fromLargest))
    adjusted[index] = smallest
  })
  return adjusted
}
