import type { Run } from '../../journal/run.ts'
import { type Figure, figures } from '../../metrics/figures/index.ts'
import { studentCritical } from '../../metrics/statistics/student.ts'
import type { LevelChange } from './level-changes.ts'
import { levelChanges } from './level-changes.ts'
import type { HistoryRun, Series } from './series.ts'
import { seriesOf } from './series.ts'

/** A lasting change of one figure between two runs. */
export interface HistoryChange {
  readonly series: Series
  /** Index of the first run after the change. `before` is the index of the last run before it that has the figure. */
  readonly run: number
  readonly before: number
  /** Mean after / mean before − 1, each up to the neighboring changes. */
  readonly relative: number
  readonly verdict: 'faster' | 'slower'
  /** Probability of an equally clear change by noise alone, adjusted over the series tested in that look. */
  readonly p: number
}

/** A series and the results of testing it. */
export interface Trend extends Series {
  readonly changes: readonly HistoryChange[]
  /** Values between changes: their mean (computed on logarithms), and the first and last run. */
  readonly levels: readonly { readonly from: number; readonly to: number; readonly mean: number }[]
  /**
   * Factor within which the mean of a run's repeats stays 95% of the time, given the noise between repeats; null
   * without repeats. The level's band is mean ÷ factor to mean × factor.
   */
  readonly band: number | null
}

/** Results of a sweep over its runs. */
export interface History {
  readonly sweep: string
  /** Oldest first. */
  readonly runs: readonly HistoryRun[]
  readonly trends: readonly Trend[]
  /** All changes: those of the newest run first, then by size. */
  readonly changes: readonly HistoryChange[]
  /** Index of the baseline; null if none is set or the runs do not include it. */
  readonly baseline: number | null
}

/** Method of detecting changes, in one sentence for reports. */
export const historyMethod =
  'a step fitted to logarithms of run means by generalized least squares with first-order autoregressive noise, looked for after every run; ' +
  'at most one history in ten of 60 runs without a change shows one'

/**
 * Follows every key figure over the runs of a sweep, oldest first. A change requires a step that neither noise between
 * runs nor their dependence on earlier runs explains ({@link levelChanges}), and a size above the noise of repeats.
 */
export function historyOf(
  sweep: string,
  runs: readonly Run[],
  baselineRunId: string | null,
  registry: readonly Figure[] = figures,
): History {
  const series = seriesOf(runs, registry)
  const tracks = series.map(({ figure, values }) => ({
    family: figure.name,
    values: values.map(({ run, mean }) => ({ run, log: Math.log(mean) })),
  }))
  const found = levelChanges(tracks, runs.length)
  const trends = series.map((one, i) => trendOf(one, found[i] ?? []))
  const at = runs.findIndex(run => run.manifest.runId === baselineRunId)
  return {
    sweep,
    runs: runs.map(({ folder, manifest }) => ({
      runId: manifest.runId,
      folder,
      createdAt: manifest.createdAt,
      revision: manifest.git === null ? null : `${manifest.git.revision.slice(0, 12)}${manifest.git.dirty ? '+' : ''}`,
    })),
    trends,
    changes: trends
      .flatMap(trend => trend.changes)
      .sort((a, b) => b.run - a.run || Math.abs(b.relative) - Math.abs(a.relative)),
    baseline: at < 0 ? null : at,
  }
}

const logsOf = (series: Series) => series.values.map(value => Math.log(value.mean))

function trendOf(series: Series, candidates: readonly LevelChange[]): Trend {
  const logs = logsOf(series)
  const band = bandOf(series)
  const points = candidates.filter(({ at }, i) => {
    const before = level(logs, candidates[i - 1]?.at ?? 0, at)
    const after = level(logs, at, candidates[i + 1]?.at ?? logs.length)
    return band === null || Math.abs(after - before) > Math.log(band)
  })
  const ends = [0, ...points.map(point => point.at), logs.length]
  const levels = ends
    .slice(0, -1)
    .map((from, i) => ({ from, to: ends[i + 1] ?? from, log: level(logs, from, ends[i + 1] ?? from) }))
  const runAt = (index: number) => series.values[index]?.run ?? 0
  const changes = points.map(({ at, p }, i): HistoryChange => {
    const relative = Math.expm1((levels[i + 1]?.log ?? 0) - (levels[i]?.log ?? 0))
    const better = series.figure.better === 'higher' ? relative > 0 : relative < 0
    return { series, run: runAt(at), before: runAt(at - 1), relative, verdict: better ? 'faster' : 'slower', p }
  })
  return {
    ...series,
    changes,
    levels: levels.map(({ from, to, log }) => ({ from: runAt(from), to: runAt(to - 1), mean: Math.exp(log) })),
    band,
  }
}

function level(logs: readonly number[], from: number, to: number): number {
  const part = logs.slice(from, to)
  return part.reduce((sum, value) => sum + value, 0) / part.length
}

function bandOf({ noise, values }: Series): number | null {
  if (noise === null) return null
  const repeats = values.reduce((sum, value) => sum + value.repeats, 0) / values.length
  return Math.exp(studentCritical(0.95, noise.freedom) * Math.sqrt(noise.variance / repeats))
}
