import type { Run } from '../../journal/run.ts'
import { canonicalJson } from '../../model/index.ts'
import { leftOutBy } from '../compare/left-out.ts'
import type { Losses } from '../compare/losses.ts'
import { asked, matchPoints } from '../compare/match.ts'
import { missingPointCount, standingOf } from '../gates/standing.ts'
import { type MeasuredPoint, measuredPoints } from '../measured-point.ts'
import type { History, Trend } from './history.ts'

/** What the newest run of a history lost of what earlier ones measured. */
export interface HistoryLosses extends Omit<Losses, 'leftOut'> {
  readonly newest: Run
  /** Its index. */
  readonly at: number
  /** Points that it measured another way than the reference did, and how: `window: whole → steady`. */
  readonly anotherWay: { readonly points: number; readonly how: string }
  /** What it is held against: `the baseline`, `earlier runs`. */
  readonly reference: string
  /**
   * Whether the newest run has a valid point of the series, and no value of its figure, where the reference has one.
   */
  readonly isSilent: (trend: Trend) => boolean
}

/** As series are told apart, the figure aside. */
const keyOf = (point: MeasuredPoint) => canonicalJson([asked(point), point.deployment.engine])

/**
 * What the newest run lost: points of the baseline, or without one of the run before it; and whatever it tried in vain,
 * or did not come to, that any earlier run measured. A point that a complete run no longer has was taken out of the
 * sweep: said once, as the run before it still had it. Runs made with `--only` are of a part by intention, and so
 * neither the newest nor the one before. Null without a run.
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
