import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HistoryThreshold } from '../../analysis/history/gate.ts'
import type { History } from '../../analysis/history/history.ts'
import { svgOf } from '../render.ts'
import { slugOf } from '../report.ts'
import { historySpec } from '../specs/history.ts'
import { light } from '../theme.ts'
import { historyHtml, picturedTrends } from './page.ts'
import { historyJson } from './table.ts'

/** Writes history.html, history.json, and every chart of the page as Vega-Lite specification and SVG; the page comes first. */
export async function writeHistory(
  history: History,
  gates: readonly HistoryThreshold[],
  folder: string,
): Promise<{ readonly files: readonly string[] }> {
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  const write = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text)
    files.push(path)
  }
  await write('history.html', await historyHtml(history, gates))
  await write('history.json', historyJson(history, gates))
  const { frontiers, changed } = picturedTrends(history)
  for (const [index, trend] of [...frontiers, ...changed].entries()) {
    const { workload, deployment, load } = trend.subject
    const name = `trend-${index + 1}-${slugOf(`${trend.figure.name} ${workload} ${deployment} ${load}`)}`
    const spec = { ...historySpec(history, trend, light), background: light.paper }
    await write(`${name}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`)
    await write(`${name}.svg`, await svgOf(spec))
  }
  return { files }
}
