import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import type { Run } from '../journal/run.ts'
import type { Chart } from './charts.ts'
import { chartsOf, overallChart } from './charts.ts'
import { loadPageAssets } from './inline-script.ts'
import { pageHtml } from './page.ts'
import { pointsCsvOf } from './points-csv.ts'
import { svgOf } from './render.ts'
import { reportOf } from './report.ts'
import { summaryMarkdown } from './summary-markdown.ts'

/** Where a report was written. */
export interface ReportFiles {
  /** Absolute when the folder was. */
  readonly files: readonly string[]
}

/**
 * Writes index.html, summary.md, points.csv, and every chart as `<chart>-<workload>.vl.json` and `.svg`. Files of those names
 * are replaced; nothing else in the folder is touched.
 */
export async function writeReport(run: Run, folder: string): Promise<ReportFiles> {
  const report = reportOf(analyse(run))
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  const write = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text)
    files.push(path)
  }
  await write('index.html', pageHtml(report, await loadPageAssets()))
  await write('summary.md', summaryMarkdown(report))
  await write('points.csv', pointsCsvOf(report.analysis))
  const writeChart = async ({ kind, spec }: Chart, slug: string) => {
    await write(`${kind}-${slug}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`)
    await write(`${kind}-${slug}.svg`, await svgOf(spec))
  }
  for (const section of report.sections)
    for (const chart of chartsOf(report, section, 'file')) await writeChart(chart, section.slug)
  const { overall } = report
  if (overall !== null) await writeChart(overallChart(report, overall, 'file'), overall.slug)
  return { files }
}
