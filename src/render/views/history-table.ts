import type { History, HistoryChange, Trend } from '../../analysis/history/history.ts'
import { largest } from '../../model/index.ts'
import { change, figure, valueText } from './format.ts'

/** A trend as the terminal prints it; every field is ready text. */
export interface HistoryRow {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly figure: string
  readonly latest: string
  /** Latest value against the baseline, or against the oldest run without one. */
  readonly since: string
  /** 95% of run means by the noise between repeats: `±3%`. */
  readonly noise: string
}

/** What changed with one run. */
export interface ChangeGroup {
  readonly since: string
  /** The last run before it. */
  readonly before: string
  /** Sentences, the largest change first. */
  readonly changes: readonly string[]
}

/** Rows for the terminal (frontiers, then every changed series), and the changes by the run that they came with. */
export function historyTable(history: History): {
  readonly rows: readonly HistoryRow[]
  readonly groups: readonly ChangeGroup[]
} {
  const told = history.trends.filter(trend => trend.figure.name === 'hypervolume' || trend.changes.length > 0)
  return { rows: told.map(trend => historyRow(history, trend)), groups: changeGroups(history) }
}

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

/**
 * The value that others are held against: the baseline's; without a baseline the oldest run's. Null where it has none.
 */
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

/** Changes under the run that they came with, the youngest first. */
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
  /** Runs that measured nothing, or can't be read. */
  readonly passedOver: readonly string[]
  /** Key figures by workload and every figure that changed. */
  readonly rows: readonly HistoryRow[]
  /** By the run that they came with, the youngest first. */
  readonly groups: readonly ChangeGroup[]
  /** What came of each gate, in words. */
  readonly gates: readonly string[]
  /** Path of the page; null when none was asked for. */
  readonly page: string | null
}
