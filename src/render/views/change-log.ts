import type { History, HistoryChange } from '../../analysis/history/history.ts'
import { largest } from '../../model/index.ts'

/** All changes that appeared with one run: an entry of the log of change points. */
export interface LogEntry {
  /** Index of the first run after the change. `before` is the index of the last run before it. */
  readonly run: number
  readonly before: number
  readonly worse: number
  readonly better: number
  /** Largest first. */
  readonly changes: readonly HistoryChange[]
}

/** Lasting changes grouped by the run with which they appeared, newest first. */
export function changeLog({ changes }: Pick<History, 'changes'>): readonly LogEntry[] {
  return [...Map.groupBy(changes, ({ run }) => run)]
    .toSorted(([a], [b]) => b - a)
    .map(([run, own]) => ({
      run,
      before: largest(own.map(({ before }) => before)),
      worse: own.filter(({ verdict }) => verdict === 'slower').length,
      better: own.filter(({ verdict }) => verdict === 'faster').length,
      changes: own.toSorted((a, b) => Math.abs(b.relative) - Math.abs(a.relative)),
    }))
}
