import { FulcrumError } from '../../point/index.ts'
import { isBeyond, parseThreshold, type Threshold } from '../compare/threshold.ts'
import { figures } from '../figures.ts'
import type { History, Trend } from './history.ts'
import { followedFigures, frontierArea } from './series.ts'

/** A figure that has left its level for good, further than a threshold allows. */
export interface BrokenTrend {
  readonly trend: Trend
  /** Level of now over the level of the reference − 1. */
  readonly relative: number
  /** First run of the level of now. */
  readonly since: number
}

/** A threshold held against every trend of its figure. */
export interface HistoryThreshold {
  readonly threshold: Threshold
  /** The largest first. */
  readonly broken: readonly BrokenTrend[]
}

/**
 * Parses a threshold of a figure that history follows; `hypervolume` is the area under the frontier.
 * @throws FulcrumError bad-input
 */
export function parseHistoryThreshold(text: string): Threshold {
  const threshold = parseThreshold(text, [...figures, frontierArea])
  const names = [frontierArea.name, ...followedFigures]
  if (names.includes(threshold.figure.name)) return threshold
  throw new FulcrumError('bad-input', 'threshold-invalid', `--fail-on "${text}": history doesn't follow that figure.`, {
    remedy: `It follows ${names.map(name => name.replace(/_ms$/, '')).join(', ')}. fulcrum compare knows the others.`,
  })
}

/**
 * Holds the level of now against the baseline's, or against the oldest without one. Only lasting changes make levels, so a gate is
 * broken by size and significance together, and stays broken until the figure comes back or another run becomes the baseline.
 */
export function historyGate(history: History, thresholds: readonly Threshold[]): readonly HistoryThreshold[] {
  return thresholds.map(threshold => ({
    threshold,
    broken: history.trends
      .filter(({ figure }) => figure.name === threshold.figure.name)
      .flatMap(trend => {
        const now = trend.levels.at(-1)
        const reference = referenceLevel(history, trend)
        if (now === undefined || reference === undefined || now === reference) return []
        const relative = now.mean / reference.mean - 1
        return isBeyond(threshold, relative) ? [{ trend, relative, since: now.from }] : []
      })
      .sort((a, b) => Math.abs(b.relative) - Math.abs(a.relative)),
  }))
}

/** The level that the baseline's run is of; the oldest without a baseline, or where the figure is younger than it. */
function referenceLevel({ baseline }: History, { levels }: Trend): Trend['levels'][number] | undefined {
  if (baseline === null) return levels[0]
  return levels.findLast(({ from }) => from <= baseline) ?? levels[0]
}
