/**
 * Benjamini and Hochberg's adjusted p-values (1995), in the given order. If those at or below q are called significant,
 * the expected share of false calls is at most q, even if the metrics of one point are positively dependent.
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

/** A test that can only be significant if another condition holds, such as a minimum effect. */
export interface BoundedTest {
  /** Null if the condition does not hold, so that the test is not significant. */
  readonly p: number | null
  /** Probability that the condition holds without a true effect. */
  readonly possible: number
}

/**
 * {@link adjustForFalseDiscovery} for tests that are only significant under a condition. At a cut-off c, each adds at
 * most min(c, possible) false calls instead of c, so tests that can hardly ever be significant do not weaken the others
 * (Tarone, Biometrics 1990, for Bonferroni; Heyse 2011 for false discovery). Equals Benjamini and Hochberg's if each is
 * possible at any p.
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
