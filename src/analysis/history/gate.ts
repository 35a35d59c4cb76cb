import type { Run } from '../../journal/run.ts'
import { bareName, type Figure, figures, figuresIn } from '../../metrics/figures/index.ts'
import { FulcrumError } from '../../model/index.ts'
import { type Allowance, nothingLost } from '../compare/gate.ts'
import { lossCount, lossSentence } from '../compare/losses.ts'
import { isBeyond, parseThreshold, type Threshold } from '../compare/threshold.ts'
import type { FigureGate } from '../gates/gate.ts'
import { limitOutcome } from '../gates/limit.ts'
import { type GateOutcome, pointCount } from '../gates/outcome.ts'
import type { History, Trend } from './history.ts'
import { leastAfter, leastBefore } from './level-changes.ts'
import { type HistoryLosses, historyLosses } from './losses.ts'
import { frontierArea } from './series.ts'

/** A figure whose level has changed lastingly and by more than a threshold allows. */
export interface BrokenTrend {
  readonly trend: Trend
  /** Current level divided by the reference level, minus 1. */
  readonly relative: number
  /** First run of the current level. */
  readonly since: number
}

/** A gate on history and its result. */
export interface HistoryGate extends Omit<GateOutcome, 'cases'> {
  /** For a gate on a change, largest first. */
  readonly broken: readonly BrokenTrend[]
}

/** Evidence for a gate in addition to the trends. */
export interface HistoryEvidence {
  /** Runs of the history, in its order. */
  readonly runs: readonly Run[]
  /**
   * The sweep's newest runs, oldest first, if they have no valid measurement or cannot be read. The history does not
   * include them.
   */
  readonly dead: readonly DeadRun[]
  readonly allowance?: Allowance
  /**
   * Why the history lacks its configured baseline. A change would otherwise be compared with a run that the user did
   * not choose.
   */
  readonly baselineGone?: string
}

/** A run without a valid measurement, or an unreadable one, with the reason. */
export interface DeadRun {
  readonly runId: string
  /** `24 of 24 points failed`, `it can't be read`. */
  readonly why: string
}

/** Minimum number of values for showing a change. */
const fewestValues = leastBefore + leastAfter

/**
 * Parses a threshold on a figure that history follows; `hypervolume` is that of the frontier.
 * @throws FulcrumError bad-input
 */
export function parseHistoryThreshold(text: string, registry: readonly Figure[] = figures): Threshold {
  const threshold = parseThreshold(text, [...registry, frontierArea])
  const followed = [frontierArea, ...figuresIn('history', registry)]
  if (followed.some(({ name }) => name === threshold.figure.name)) return threshold
  throw new FulcrumError('bad-input', 'threshold-invalid', `--fail-on "${text}": history doesn't follow that figure.`, {
    remedy: `It follows ${followed.map(bareName).join(', ')}. fulcrum compare knows the others.`,
  })
}

/**
 * Tests gates against a history. A gate on a change compares the current level with the baseline's, or with the oldest
 * without a baseline. Only lasting changes form levels, so the gate fails on size and significance together, and keeps
 * failing until the figure returns or the baseline is replaced. A limit or SLO tests only the newest run. No gate
 * passes if the newest run measured nothing or lost points.
 */
export function historyGate(
  history: History,
  gates: readonly FigureGate[],
  { runs, dead, allowance = nothingLost, baselineGone = '' }: HistoryEvidence = { runs: [], dead: [] },
): readonly HistoryGate[] {
  if (gates.length === 0) return []
  const losses = historyLosses(history, runs)
  return gates.map(gate => {
    if (gate.kind === 'change') return changeGate(gate, history, { losses, dead, allowance, baselineGone })
    const newest = losses?.newest
    if (newest === undefined || dead.length > 0)
      return { gate, outcome: 'not tested', reason: deadSentence(dead) || 'no run has a valid point', broken: [] }
    const missing = losses?.missing ?? []
    const { outcome, reason } = limitOutcome(gate, newest, {
      allowance,
      runName: 'the newest run',
      ...(missing.length === 0
        ? {}
        : { missing: missing.map(point => ({ point, why: 'the newest run has no result here' })) }),
    })
    return { gate, outcome, reason, broken: [] }
  })
}

function changeGate(
  gate: Threshold,
  history: History,
  {
    losses,
    dead,
    allowance,
    baselineGone,
  }: {
    readonly losses: HistoryLosses | null
    readonly dead: readonly DeadRun[]
    readonly allowance: Allowance
    readonly baselineGone: string
  },
): HistoryGate {
  const known = history.trends.filter(({ figure }) => figure.name === gate.figure.name)
  const at = losses?.at ?? history.runs.length - 1
  // A series that ended has no current level. Its point is either lost, which is reported, or no longer part of the
  // sweep.
  const trends = known.filter(({ values }) => (values.at(-1)?.run ?? -1) >= at)
  const broken = baselineGone === '' ? brokenTrends(history, trends, gate) : []
  const lost = losses === null ? 0 : lossCount(losses)
  const allowed = lost <= allowance.lost
  const lossText =
    losses === null || lost === 0 ? '' : lossSentence(losses, { head: 'the newest run', base: losses.reference })
  const longest = Math.max(0, ...trends.map(({ values }) => values.length))
  const silent = losses === null ? 0 : known.filter(trend => losses.isSilent(trend) && !goesOn(trend, trends)).length
  const untested = [
    baselineGone,
    deadSentence(dead),
    allowed ? '' : lossText,
    silent > 0 ? `the newest run has no ${gate.figure.title} at ${silent} of the points where it had one` : '',
    losses !== null && losses.anotherWay.points > 0
      ? `the newest run measured ${pointCount(losses.anotherWay.points)} another way than ${losses.reference}: ${losses.anotherWay.how}`
      : '',
    trends.length === 0 && lost + silent === 0
      ? known.length === 0
        ? `no run has a value of ${gate.figure.title}`
        : `the newest run has no value of ${gate.figure.title}`
      : '',
    trends.length > 0 && longest < fewestValues
      ? `${longest === 1 ? '1 run is' : `${longest} runs are`} too few: a change can be shown from ${fewestValues} on`
      : '',
  ].filter(text => text !== '')
  const short = trends.filter(({ values }) => values.length < fewestValues).length
  const notes = [
    short > 0 && longest >= fewestValues ? `${short} of ${trends.length} series are too short to show a change` : '',
    allowed && lossText !== '' ? `${lossText}, which --allow-lost accepts` : '',
  ].filter(text => text !== '')
  const outcome = broken.length > 0 ? 'failed' : untested.length > 0 ? 'not tested' : 'passed'
  const said = { failed: untested.map(text => `not tested elsewhere: ${text}`), 'not tested': untested, passed: [] }
  return { gate, outcome, reason: [...said[outcome], ...notes].join('; '), broken }
}

/** Whether the same point has a current series with another window. */
function goesOn({ subject }: Trend, current: readonly Trend[]): boolean {
  const { workload, deployment, load } = subject
  return current.some(
    ({ subject: one }) => one.workload === workload && one.deployment === deployment && one.load === load,
  )
}

/**
 * `the 3 newest runs measured nothing valid (20261115T…: 24 of 24 points failed)`; empty if the newest run measured
 * something.
 */
function deadSentence(dead: readonly DeadRun[]): string {
  const newest = dead.at(-1)
  if (newest === undefined) return ''
  const who = dead.length === 1 ? 'the newest run' : `the ${dead.length} newest runs`
  return `${who} measured nothing valid (${newest.runId}: ${newest.why})`
}

function brokenTrends(history: History, trends: readonly Trend[], threshold: Threshold): readonly BrokenTrend[] {
  return trends
    .flatMap(trend => {
      const now = trend.levels.at(-1)
      const reference = referenceLevel(history, trend)
      if (now === undefined || reference === undefined || now === reference) return []
      const relative = now.mean / reference.mean - 1
      return isBeyond(threshold, relative) ? [{ trend, relative, since: now.from }] : []
    })
    .sort((a, b) => Math.abs(b.relative) - Math.abs(a.relative))
}

/**
 * Level that contains the baseline's run, or the oldest level without a baseline or if the figure is newer than the
 * baseline.
 */
function referenceLevel({ baseline }: History, { levels }: Trend): Trend['levels'][number] | undefined {
  if (baseline === null) return levels[0]
  return levels.findLast(({ from }) => from <= baseline) ?? levels[0]
}
