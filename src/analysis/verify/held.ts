import type { Figure } from '../../metrics/figures/index.ts'
import { studentCritical } from '../../metrics/statistics/student.ts'
import { type LogChange, logChanges } from '../compare/change-test.ts'
import { windowsOf } from '../compare/comparable.ts'
import { seededValues } from '../compare/seeded-values.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { objectives } from '../slo.ts'
import type { ExpectedPoint } from './expected.ts'

/** Whether a second measurement confirmed a promise. */
export type Held = 'held' | 'not held' | 'undecided'

/** Result of one promise, such as a figure or a limit of the SLO. */
export interface PromiseVerdict {
  readonly title: string
  /** Name of the figure; null for a limit of the SLO. */
  readonly figure: string | null
  readonly unit: string
  readonly expected: number | null
  readonly measured: number | null
  /** How much worse than expected the figure is, relative (negative: better); null without an estimate of noise. */
  readonly worse: { readonly estimate: number; readonly low: number; readonly high: number } | null
  readonly verdict: Held
  /** The reason in a clause. */
  readonly why: string
}

/** Two-sided level at which each one-sided bound has 95% confidence. */
const twoSidedLevel = 0.9
/** Maximum number of repeats to suggest. */
const mostRepeats = 50

/**
 * Tests the expected figures of a point against a second measurement.
 *
 * A figure has `held` if it is shown not to be worse by more than the tolerance. This is a test of non-inferiority: the
 * upper 95% bound of the deterioration stays within the margin (Blackwelder, 'Proving the null hypothesis' in clinical
 * trials, 1982). It is `not held` if it is shown to be worse by more. Anything between is undecided. The test runs on a
 * logarithmic scale, in pairs if both measurements share their seeds ({@link logChanges}).
 *
 * @param tolerance relative, 0.1 for 10%
 */
export function promiseVerdicts(
  expected: ExpectedPoint,
  measured: MeasuredPoint | null,
  figures: readonly Figure[],
  tolerance: number,
): readonly PromiseVerdict[] {
  const limits = measured === null ? [] : sloVerdicts(expected, measured)
  const unlike = measured === null ? '' : otherWindow(expected, measured)
  return [...limits, ...expected.figures.map(figure => figureVerdict(figure, measured, figures, tolerance, unlike))]
}

/** Result of all promises together: `not held` if any is not held, otherwise `undecided` if any is undecided. */
export function heldTogether(verdicts: readonly Pick<PromiseVerdict, 'verdict'>[]): Held {
  if (verdicts.some(({ verdict }) => verdict === 'not held')) return 'not held'
  return verdicts.length === 0 || verdicts.some(({ verdict }) => verdict === 'undecided') ? 'undecided' : 'held'
}

/** Difference of the windows, whose figures cannot be compared; empty if they are the same. */
function otherWindow({ window }: ExpectedPoint, point: MeasuredPoint): string {
  const now = windowsOf(point)
  return now === '' || window === '' || now === window ? '' : `measured with another window: ${window} → ${now}`
}

function figureVerdict(
  expected: ExpectedPoint['figures'][number],
  point: MeasuredPoint | null,
  figures: readonly Figure[],
  tolerance: number,
  unlike: string,
): PromiseVerdict {
  const { name, title, unit, mean } = expected
  const measured = point?.figures[name]?.mean ?? null
  const row = { title, figure: name, unit, expected: mean, measured }
  const undecided = (why: string): PromiseVerdict => ({ ...row, worse: null, verdict: 'undecided', why })
  if (unlike !== '') return undecided(unlike)
  const figure = figures.find(known => known.name === name)
  if (figure === undefined) return undecided('this version of Fulcrum does not have the figure')
  if (point === null) return undecided('not measured')
  if (point.status !== 'ok')
    return undecided(`the point ${point.status === 'failed' ? 'failed' : 'is invalid'}: ${point.reason}`)
  const now = seededValues(figure, point)
  if (now.length === 0) return undecided('not observed this time')
  // Without prefix cache, a hit rate of 0 is expected, and nothing can be worse than that.
  if (figure.better === 'higher' && expected.repeats.every(({ value }) => value === 0))
    return { ...row, worse: null, verdict: 'held', why: '' }
  if ([...expected.repeats, ...now].some(({ value }) => value <= 0)) {
    return undecided('a value of 0 or less has no relative change')
  }
  const [change] = logChanges([{ base: expected.repeats, head: now }])
  if (!change) return undecided('one measurement each leaves the noise unknown: measure with --repeats 3')
  const worse = worseBy(change, figure.better)
  const verdict = worse.high <= tolerance ? 'held' : worse.low > tolerance ? 'not held' : 'undecided'
  return {
    ...row,
    worse,
    verdict,
    why: verdict === 'undecided' ? moreRepeats(change, figure.better, tolerance, now.length) : '',
  }
}

/** Deterioration with one-sided 95% bounds in both directions. */
function worseBy({ difference, error, freedom }: LogChange, better: Figure['better']) {
  const sign = better === 'lower' ? 1 : -1
  const half = studentCritical(twoSidedLevel, freedom) * error
  return {
    estimate: Math.expm1(sign * difference),
    low: Math.expm1(sign * difference - half),
    high: Math.expm1(sign * difference + half),
  }
}

/** Number of repeats that would decide, if noise and change stay as they are. */
function moreRepeats(change: LogChange, better: Figure['better'], tolerance: number, repeats: number): string {
  const sign = better === 'lower' ? 1 : -1
  const distance = Math.abs(Math.log1p(tolerance) - sign * change.difference)
  for (let wanted = repeats + 1; wanted <= mostRepeats; wanted++) {
    const error = change.error * Math.sqrt(repeats / wanted)
    if (studentCritical(twoSidedLevel, change.freedom + (wanted - repeats)) * error < distance) {
      return `about ${wanted} repeats would decide`
    }
  }
  return 'too near the tolerance for repeats to decide'
}

/** Limits of the SLO that the expected measurement met. */
function sloVerdicts(expected: ExpectedPoint, point: MeasuredPoint): readonly PromiseVerdict[] {
  const now = objectives(point)
  return expected.slo.flatMap(({ title, limitMs, valueMs }): readonly PromiseVerdict[] => {
    if (valueMs === null || valueMs > limitMs) return []
    const seen = now.find(objective => objective.title === title)
    const row = { title: `${title} ≤ ${limitMs} ms`, figure: null, unit: 'ms', expected: valueMs, worse: null }
    if (seen === undefined || seen.valueMs === null) {
      return [{ ...row, measured: null, verdict: 'undecided', why: 'not observed this time' }]
    }
    const verdict: Held = seen.close ? 'undecided' : seen.met ? 'held' : 'not held'
    const why = seen.close ? 'the confidence interval holds the limit' : ''
    return [{ ...row, measured: seen.valueMs, verdict, why }]
  })
}
