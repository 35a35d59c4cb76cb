import type { Run } from '../../journal/run.ts'
import { unitText } from '../../metrics/figures/energy.ts'
import { type Figure, figures, figuresIn } from '../../metrics/figures/index.ts'
import type { BoundedTest } from '../../metrics/statistics/false-discovery.ts'
import { adjustForFalseDiscovery, adjustWithinBounds } from '../../metrics/statistics/false-discovery.ts'
import { studentUpperP } from '../../metrics/statistics/student.ts'
import { type Gate, isChange } from '../gates/gate.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { measuredPoints } from '../measured-point.ts'
import type { HeldChange } from './between-runs.ts'
import { betweenRuns, heldAgainstRuns } from './between-runs.ts'
import type { LogChange, OneSided, RepeatedChange, SeededValues, Sides } from './change-test.ts'
import { logChanges, oneSided, relativeInterval, twoSided } from './change-test.ts'
import type { Comparison } from './comparison.ts'
import { environmentDifferences } from './environment.ts'
import type { FigureChange, Verdict } from './figure-change.ts'
import { frontierGains } from './frontier-gain.ts'
import { type Allowance, comparisonGates, nothingLost } from './gate.ts'
import type { Pair } from './match.ts'
import { matchPoints } from './match.ts'
import { qualityChanges } from './quality-change.ts'
import { seededValues } from './seeded-values.ts'
import { isBeyond, type Threshold } from './threshold.ts'
import { type HidingNoise, undecidedOf } from './undecided.ts'

/**
 * Expected share of wrong verdicts among all `faster` and `slower`; without any real change, the probability of any
 * such verdict.
 */
export const falseDiscoveryRate = 0.05

/**
 * Share of {@link falseDiscoveryRate} reserved for changes that thresholds forbid. They are few among all tests;
 * adjusted together with the others, only a third as many would be found.
 */
export const gatedShare = 0.8

/**
 * Compares HEAD with BASE. Pure. Includes the figures of gates on a change in addition to the usual ones.
 *
 * @param known other runs of the base's sweep, made before the head. Together with the base they show how runs differ
 *   without a change. Runs made under other conditions are ignored.
 * @param registry all figures: those whose `shownIn` says so are compared, plus those that a gate names
 */
export function compareRuns(
  base: Run,
  head: Run,
  gates: readonly Gate[] = [],
  known: readonly Run[] = [],
  allowance: Allowance = nothingLost,
  registry: readonly Figure[] = figures,
): Comparison {
  const thresholds = gates.filter(isChange)
  const { pairs, onlyBase, onlyHead } = matchPoints(measuredPoints(base), measuredPoints(head))
  const usual = figuresIn('comparison', registry)
  const asked = new Set(thresholds.map(threshold => threshold.figure.name))
  const isSeen = (figure: Figure) =>
    figure.ifObserved !== true ||
    pairs.some(pair => [pair.base, pair.head].some(point => seededValues(figure, point).length > 0))
  const compared = registry.filter(figure => (usual.includes(figure) && isSeen(figure)) || asked.has(figure.name))
  const alike = known.filter(run => environmentDifferences(base, run).every(({ kind }) => kind !== 'conditions'))
  const earlier = [base, ...alike]
    .toSorted((one, other) => (one.manifest.createdAt < other.manifest.createdAt ? -1 : 1))
    .map(run => (run === base ? pairs.map(pair => pair.base) : inOrderOf(pairs, run)))
  const columns = compared.map(figure => rawChanges(figure, pairs, earlier))
  const raw = pairs.map((_, i) => columns.flatMap(column => column[i] ?? []))
  const tested = raw.flat().filter(change => change.test !== null)
  const adjusted = adjustedPs(tested, thresholds)
  const undecided = undecidedAmong(tested, thresholds)
  const points = pairs.map((pair, i) => ({
    ...pair,
    changes: (raw[i] ?? []).map(change => judged(change, adjusted.get(change) ?? null, undecided)),
  }))
  const quality = qualityChanges(pairs, onlyBase)
  return {
    base,
    head,
    quality,
    differences: environmentDifferences(base, head),
    points,
    onlyBase,
    onlyHead,
    frontiers: frontierGains(pairs.filter(({ unlike }) => unlike === '')),
    gates: comparisonGates({ head, points, onlyBase, onlyHead, quality }, gates, allowance),
    tests: tested.length,
    gatedTests: tested.filter(({ figure }) => thresholds.some(threshold => threshold.figure === figure)).length,
    noiseRuns: earlier.length,
    betweenRunsKnown: tested.some(({ test }) => test?.betweenRuns),
  }
}

interface RawChange {
  readonly figure: Figure
  readonly base: readonly number[]
  readonly head: readonly number[]
  readonly test: Test | null
  readonly why: string
}

interface Test {
  readonly relative: number
  readonly ci95: readonly [low: number, high: number]
  readonly p: OneSided
  /** The change with all known noise. */
  readonly spread: LogChange
  readonly noise: HidingNoise
  /** Whether it includes the noise between runs. */
  readonly betweenRuns: boolean
  /** Set if the point moved apart from the others instead of moving with the run. */
  readonly apart: { readonly level: number; readonly ci95: Test['ci95'] } | null
}

/** A run's points in the order of the pairs; undefined for points of the base that it lacks. */
function inOrderOf(pairs: readonly Pair[], run: Run): readonly (MeasuredPoint | undefined)[] {
  const matched = matchPoints(
    pairs.map(pair => pair.base),
    measuredPoints(run),
  ).pairs
  const found = new Map(
    matched.filter(({ note, unlike }) => note === '' && unlike === '').map(pair => [pair.base, pair.head]),
  )
  return pairs.map(pair => found.get(pair.base))
}

/** Every point's change of one figure. */
function rawChanges(
  figure: Figure,
  pairs: readonly Pair[],
  earlier: readonly (readonly (MeasuredPoint | undefined)[])[],
): readonly RawChange[] {
  const sides = pairs.map(pair => ({
    base: seededValues(figure, pair.base),
    head: seededValues(figure, pair.head),
  }))
  const silent = pairs.map(
    (pair, i) => whyNotComparable(pair, sides[i] ?? { base: [], head: [] }) ?? otherCurrency(figure, pair),
  )
  const comparable = sides.filter((_, i) => silent[i] === null)
  const changes = logChanges(comparable)
  const logs = earlier.map(points => points.filter((_, i) => silent[i] === null).map(point => logMeanOf(figure, point)))
  const between = betweenRuns(logs)
  const differences = comparable.map(({ base, head }) => meanLog(head) - meanLog(base))
  const held = between === null ? [] : heldAgainstRuns(differences, changes, between)
  const tests = new Map(comparable.map((side, i) => [side, testOf(side, changes[i] ?? null, held[i] ?? null)]))
  return sides.map((side, i) => {
    const values = { figure, base: side.base.map(({ value }) => value), head: side.head.map(({ value }) => value) }
    const test = tests.get(side) ?? null
    return { ...values, test, why: silent[i] ?? whyUnsure(side, test) }
  })
}

const meanLog = (values: SeededValues) => values.reduce((sum, { value }) => sum + Math.log(value), 0) / values.length

function logMeanOf(figure: Figure, point: MeasuredPoint | undefined): number | null {
  const values = point === undefined ? [] : seededValues(figure, point)
  return values.length === 0 || values.some(({ value }) => value <= 0) ? null : meanLog(values)
}

function testOf(side: Sides, change: RepeatedChange | null, held: HeldChange | null): Test | null {
  const noise: HidingNoise = {
    single: change?.single ?? null,
    growth: change?.paired ? 1 : 2,
    repeats: Math.min(side.base.length, side.head.length),
    session: held?.session ?? null,
  }
  if (held === null)
    return change === null
      ? null
      : {
          relative: Math.expm1(change.difference),
          ci95: relativeInterval(change),
          p: oneSided(change),
          spread: change,
          noise,
          betweenRuns: false,
          apart: null,
        }
  const { whole, atPoint, level, p } = held
  const apart = held.apart ? { level: Math.expm1(level), ci95: relativeInterval(atPoint) } : null
  return {
    relative: Math.expm1(whole.difference),
    ci95: relativeInterval(whole),
    p,
    spread: whole,
    noise,
    betweenRuns: true,
    apart,
  }
}

function whyNotComparable({ base, head, unlike }: Pair, values: Sides): string | null {
  if (base.status !== 'ok') return `base is ${base.status}: ${base.reason}`
  if (head.status !== 'ok') return `head is ${head.status}: ${head.reason}`
  if (unlike !== '') return unlike
  if (values.base.length === 0 || values.head.length === 0)
    return `not measured in ${values.base.length === 0 ? 'base' : 'head'}`
  return [...values.base, ...values.head].some(({ value }) => value <= 0) ? 'a value of 0 has no ratio' : null
}

/** Amounts in two currencies have no ratio. */
function otherCurrency(figure: Figure, { base, head }: Pair): string | null {
  const [before, after] = [unitText(figure, base.valid), unitText(figure, head.valid)]
  return before === after ? null : `in ${before} in base, in ${after} in head`
}

function whyUnsure({ base, head }: Sides, test: Test | null): string {
  if (test === null) return 'measured once and no point was repeated: noise is unknown'
  if (base.length >= 2 && head.length >= 2) return ''
  return `measured once: noise taken from ${test.betweenRuns ? 'earlier runs' : 'the points that were repeated'}`
}

/** Changes that the gates on one figure forbid: those in a direction beyond the smallest threshold. */
interface Forbidden {
  readonly threshold: Threshold
  readonly adjust: (change: RawChange) => BoundedTest | null
}

function forbidden(thresholds: readonly Threshold[]): readonly Forbidden[] {
  const alike = Map.groupBy(thresholds, ({ figure, direction }) => `${figure.name} ${direction}`)
  return [...alike.values()].flatMap(these => {
    const [threshold] = these.toSorted((a, b) => Math.abs(a.change) - Math.abs(b.change))
    if (threshold === undefined) return []
    const up = threshold.direction === '>'
    const size = Math.log1p(Math.max(-1, threshold.change)) * (up ? 1 : -1)
    return [
      {
        threshold,
        adjust: ({ figure, test }) => {
          if (test === null || figure.name !== threshold.figure.name) return null
          const possible = studentUpperP(size / test.spread.error, test.spread.freedom)
          return { p: isBeyond(threshold, test.relative) ? (up ? test.p.up : test.p.down) : null, possible }
        },
      },
    ]
  })
}

/**
 * Adjusted p-values, significant at or below {@link falseDiscoveryRate}. With gates on a change there are two families
 * whose rates add up to it: the changes that gates forbid (one-sided, and only where the change is large enough to
 * break them), and all tests as without gates.
 */
function adjustedPs(tested: readonly RawChange[], thresholds: readonly Threshold[]): ReadonlyMap<RawChange, number> {
  const all = adjustForFalseDiscovery(tested.map(({ test }) => (test === null ? 1 : twoSided(test.p))))
  if (thresholds.length === 0) return new Map(tested.map((change, i) => [change, all[i] ?? 1]))
  const gated = forbidden(thresholds).flatMap(({ adjust }) =>
    tested.flatMap(change => {
      const test = adjust(change)
      return test === null ? [] : [{ change, test }]
    }),
  )
  const adjusted = new Map(tested.map((change, i) => [change, Math.min(1, (all[i] ?? 1) / (1 - gatedShare))]))
  for (const [i, p] of adjustWithinBounds(gated.map(({ test }) => test)).entries()) {
    const change = gated[i]?.change
    if (change !== undefined) adjusted.set(change, Math.min(adjusted.get(change) ?? 1, p / gatedShare))
  }
  return adjusted
}

const average = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** Returns whether a change that is not shown is undecided, and how many repeats would decide it. */
type UndecidedOf = (figure: Figure, test: Test | null) => FigureChange['undecided']

/**
 * Uses the level at which a single change would be shown: the adjusted threshold of the smallest p-value. Changes that
 * a gate forbids are tested one-sided together with those of other gates. All others are two-sided, and a point's own
 * difference between known runs counts twice ({@link heldAgainstRuns}).
 */
function undecidedAmong(tested: readonly RawChange[], thresholds: readonly Threshold[]): UndecidedOf {
  const gatesOf = (figure: Figure) => thresholds.filter(threshold => threshold.figure.name === figure.name)
  const gated = tested.filter(({ figure }) => gatesOf(figure).length > 0).length
  const usual = falseDiscoveryRate * (thresholds.length === 0 ? 1 : 1 - gatedShare)
  return (figure, test) => {
    const gates = gatesOf(figure)
    const level =
      gates.length > 0
        ? (falseDiscoveryRate * gatedShare) / Math.max(1, gated)
        : usual / (2 * Math.max(1, tested.length))
    return undecidedOf(test?.ci95 ?? null, test?.noise ?? null, gates, test?.betweenRuns ? level / 2 : level)
  }
}

function judged(
  { figure, base, head, test, why }: RawChange,
  adjustedP: number | null,
  undecided: UndecidedOf,
): FigureChange {
  const means = { figure, base: average(base), head: average(head), adjustedP, why }
  if (test === null) {
    const comparable = base.length > 0 && head.length > 0 && why.startsWith('measured once')
    const relative = comparable && means.base && means.head !== null ? means.head / means.base - 1 : null
    return {
      ...means,
      relative,
      ci95: null,
      verdict: comparable ? 'no difference shown' : 'not comparable',
      undecided: comparable ? undecided(figure, null) : null,
    }
  }
  const shown = adjustedP !== null && adjustedP <= falseDiscoveryRate
  const better = figure.better === 'lower' ? test.relative < 0 : test.relative > 0
  return {
    ...means,
    relative: test.relative,
    // A change shown relative to the other points does not depend on the run's level, so the level's noise is not
    // included.
    ci95: shown && test.apart !== null ? test.apart.ci95 : test.ci95,
    verdict: !shown ? 'no difference shown' : better ? 'faster' : 'slower',
    undecided: shown ? null : undecided(figure, test),
  }
}

/** Number of relevant changes that noise may hide. */
export function undecidedCount({ points }: Pick<Comparison, 'points'>): number {
  return points.reduce((sum, { changes }) => sum + changes.filter(change => change.undecided !== null).length, 0)
}

/** Number of changes by verdict. */
export function verdictCounts(comparison: Comparison): { readonly [verdict in Verdict]: number } {
  const counts = { faster: 0, slower: 0, 'no difference shown': 0, 'not comparable': 0 }
  for (const change of comparison.points.flatMap(point => point.changes)) counts[change.verdict]++
  return counts
}
