import type { Run } from '../../journal/run.ts'
import { canonicalJson } from '../../model/index.ts'
import { leftOutBy } from '../compare/left-out.ts'
import type { Losses } from '../compare/losses.ts'
import { asked, matchPoints } from '../compare/match.ts'
import { missingPointCount, standingOf } from '../gates/standing.ts'
import { type MeasuredPoint, measuredPoints } from '../measured-point.ts'
import type { History, Trend } from './history.ts'

/** Points of earlier runs that the newest run of a history lost. */
export interface HistoryLosses extends Omit<Losses, 'leftOut'> {
  readonly newest: Run
  /** Index of the newest run. */
  readonly at: number
  /** Points that it measured in another way than the reference, and the difference: `window: whole → steady`. */
  readonly anotherWay: { readonly points: number; readonly how: string }
  /** Name of the reference: `the baseline`, `earlier runs`. */
  readonly reference: string
  /** Whether the newest run has a valid point of the series but no value of its figure, while the reference has one. */
  readonly isSilent: (trend: Trend) => boolean
}

/** Key that distinguishes series, without the figure. */
const keyOf = (point: MeasuredPoint) => canonicalJson([asked(point), point.deployment.engine])

/**
 * Points that the newest run lost: those of the baseline, or of the run before it without a baseline, plus those that
 * it failed to measure or did not reach and any earlier run measured. A point missing from a complete run was removed
 * from the sweep, and is reported once, when the previous run still had it. Runs with `--only` are partial by
 * intention, so they count as neither the newest run nor the one before it. Null without a run.
 */
export function historyLosses(history: History, runs: readonly Run[]): HistoryLosses | null {
  const isWhole = ({ manifest }: Run) => manifest.only === undefined
  const at = runs.findLastIndex(isWhole)
  const newest = runs[at]
  if (newest === undefined) return null
  const { baseline } = history
  const own = new Map(measuredPoints(newest).map(point => [keyOf(point), point]))
  const valid = (run: Run | undefined) =>
    run === undefined ? [] : measuredPoints(run).filter(({ status }) => status === 'ok')
  const reference =
    baseline === null ? valid(runs.slice(0, at).findLast(isWhole)) : baseline < at ? valid(runs[baseline]) : []
  const changed = matchPoints(reference, [...own.values()]).pairs.filter(({ unlike }) => unlike !== '')
  const changedKeys = new Set(changed.map(({ base }) => keyOf(base)))
  const isLeftOut = leftOutBy(newest)
  const unfinished = missingPointCount(newest) > 0
  const everMeasured = baseline === at ? [] : runs.slice(0, at).flatMap(valid)
  const inVain = everMeasured.filter(point => {
    const now = own.get(keyOf(point))
    return now === undefined ? unfinished : now.status !== 'ok'
  })
  const expected = new Map([...inVain, ...reference].map(point => [keyOf(point), point]))
  const lost = (status: MeasuredPoint['status']) =>
    [...expected.keys()].flatMap(key => {
      const point = own.get(key)
      return point !== undefined && standingOf(point) === status ? [point] : []
    })
  const missing = [...expected].flatMap(([key, point]) =>
    own.has(key) || changedKeys.has(key) || isLeftOut(point) ? [] : [point],
  )
  return {
    newest,
    at,
    anotherWay: { points: changed.length, how: [...new Set(changed.map(({ unlike }) => unlike))].join('; ') },
    reference: baseline === null ? 'earlier runs' : 'the baseline',
    measured: expected.size,
    failed: lost('failed'),
    invalid: lost('invalid'),
    missing,
    isSilent: ({ key, values }) => {
      const point = [...own].find(([name, { status }]) => status === 'ok' && key.endsWith(` ${name}`))
      const last = values.at(-1)?.run
      return point !== undefined && last !== undefined && last < at && expected.has(point[0])
    },
  }
}
