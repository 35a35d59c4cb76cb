import { isStopped } from '../../analysis/gates/outcome.ts'
import type { HistoryGate } from '../../analysis/history/gate.ts'
import type { History } from '../../analysis/history/history.ts'
import { historyMethod } from '../../analysis/history/history.ts'

/** The history as JSON: figures by their names in points.csv, changes as fractions. */
export function historyJson(history: History, gates: readonly HistoryGate[] = []): string {
  const { sweep, runs, trends, changes, baseline } = history
  return `${JSON.stringify(
    {
      schema: 1,
      sweep,
      method: historyMethod,
      runs,
      baseline: baseline === null ? null : (runs[baseline]?.runId ?? null),
      gateBroken: isStopped(gates),
      thresholds: gates.map(({ gate, outcome, reason, broken }) => ({
        threshold: gate.text,
        outcome,
        reason,
        broken: broken.map(({ trend, relative, since }) => ({
          ...trend.subject,
          figure: trend.figure.name,
          relative,
          since: runs[since]?.runId,
        })),
      })),
      changes: changes.map(({ series, run, before, ...told }) => ({
        ...series.subject,
        figure: series.figure.name,
        run: runs[run]?.runId,
        lastBefore: runs[before]?.runId,
        ...told,
      })),
      trends: trends.map(({ subject, figure, values, levels, band }) => ({
        ...subject,
        figure: figure.name,
        noiseBandFactor: band,
        values: values.map(({ run, mean, repeats }) => ({ run: runs[run]?.runId, mean, repeats })),
        levels: levels.map(({ from, to, mean }) => ({ from: runs[from]?.runId, to: runs[to]?.runId, mean })),
      })),
    },
    null,
    2,
  )}\n`
}
