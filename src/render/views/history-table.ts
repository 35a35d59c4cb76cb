import type { History, HistoryChange, Trend } from '../../analysis/history/history.ts'
import { largest } from '../../model/index.ts'
import { change, figure, valueText } from './format.ts'

/** A trend as a row of terminal output; every field is formatted text. */
export interface HistoryRow {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly figure: string
  readonly latest: string
  /** Change of the latest value from the baseline, or from the oldest run without one. */
  readonly since: string
  /** 95% range of run means expected from noise between repeats: `±3%`. */
  readonly noise: string
}

/** Changes that appeared with one run. */
export interface ChangeGroup {
  readonly since: string
  /** The last run before it. */
  readonly before: string
  /** Sentences, largest change first. */
  readonly changes: readonly string[]
}

/**
 * Rows for the terminal (frontiers, then every changed series), and changes grouped by the run with which they
 * appeared.
 */
export function historyTable(history: History): {
  readonly rows: readonly HistoryRow[]
  readonly groups: readonly ChangeGroup[]
} {
  const told = history.trends.filter(trend => trend.figure.name === 'hypervolume' || trend.changes.length > 0)
  return { rows: told.map(trend => historyRow(history, trend)), groups: changeGroups(history) }
}

/** Formats a trend for the terminal. */
export function historyRow(history: History, trend: Trend): HistoryRow {
  const latest = trend.values.at(-1)?.mean ?? null
  const reference = referenceOf(history, trend)
  return {
    ...trend.subject,
    figure: trend.figure.title,
    latest: valueText(trend.figure, latest),
    since: latest === null || reference === null ? '–' : change(latest / reference - 1),
    noise: trend.band === null ? '–' : `±${figure((trend.band - 1) * 100)}%`,
  }
}

/** Reference value: the baseline's, or the oldest run's without a baseline. Null if that run has no value. */
function referenceOf(history: History, trend: Trend): number | null {
  if (history.baseline === null) return trend.values[0]?.mean ?? null
  return trend.values.find(value => value.run === history.baseline)?.mean ?? null
}

/** `ITL p95 of 2P1D, 8000/256, concurrency 16: worse by +20%`. */
export function changeSentence({ series, relative, verdict }: HistoryChange): string {
  const { workload, deployment, load } = series.subject
  const what = deployment === 'frontier' ? workload : `${deployment}, ${workload}, ${load}`
  return `${series.figure.title} of ${what}: ${verdict === 'faster' ? 'better' : 'worse'} by ${change(relative)}`
}

/** Changes grouped by the run with which they appeared, newest first. */
function changeGroups(history: History): readonly ChangeGroup[] {
  return [...Map.groupBy(history.changes, ({ run }) => run)].map(([run, changes]) => ({
    since: runText(history, run),
    before: runText(history, largest(changes.map(({ before }) => before))),
    changes: changes.map(changeSentence),
  }))
}

/** `2026-11-25 03:00 at 1a2b3c4d5e6f`. */
export function runText(history: History, index: number): string {
  const run = history.runs[index]
  if (run === undefined) return ''
  return `${run.createdAt.slice(0, 16).replace('T', ' ')}${run.revision === null ? '' : ` at ${run.revision}`}`
}

/** A sweep's history, ready to print. */
export interface HistoryView {
  readonly sweep: string
  readonly runs: number
  /** Skipped runs, which measured nothing or cannot be read. */
  readonly passedOver: readonly string[]
  /** Key figures by workload, and every figure that changed. */
  readonly rows: readonly HistoryRow[]
  /** Grouped by the run with which they appeared, newest first. */
  readonly groups: readonly ChangeGroup[]
  /** Result of each gate in words. */
  readonly gates: readonly string[]
  /** Path of the page; null if none was requested. */
  readonly page: string | null
}
