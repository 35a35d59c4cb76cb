import type { HistoryGate } from '../analysis/history/gate.ts'
import type { History } from '../analysis/history/history.ts'
import { historySpec } from './charts/history.ts'
import { historyJson } from './export/history-json.ts'
import { openFileWriter } from './file-writer.ts'
import { loadDrawnPageAssets } from './html/drawn-charts.ts'
import { historyHtml, picturedTrends } from './html/history-page.ts'
import { light } from './html/theme.ts'
import { slugOf } from './views/report.ts'

/**
 * Writes history.html, history.json, and every chart of the page as Vega-Lite specification and SVG; the page comes
 * first.
 * @param commits base URL of commits, up to the revision; null if unknown
 */
export async function writeHistory(
  history: History,
  gates: readonly HistoryGate[],
  folder: string,
  commits: string | null = null,
): Promise<{ readonly files: readonly string[] }> {
  const { write, writeChart, commit } = openFileWriter(folder, 'the history')
  write('history.html', await historyHtml(history, await loadDrawnPageAssets('history'), gates, { commits }))
  write('history.json', historyJson(history, gates))
  const { frontiers, changed } = picturedTrends(history)
  for (const [index, trend] of [...frontiers, ...changed].entries()) {
    const { workload, deployment, load } = trend.subject
    const name = `trend-${index + 1}-${slugOf(`${trend.figure.name} ${workload} ${deployment} ${load}`)}`
    await writeChart(name, { ...historySpec(history, trend, light), background: light.paper })
  }
  return { files: await commit() }
}
