import { analyse } from '../analysis/analyse.ts'
import type { Run } from '../journal/run.ts'
import { chartsOf, overallPanel } from './charts/registry.ts'
import type { Panel, WorkloadChart } from './charts/workload-chart.ts'
import { pointsCsvOf } from './export/points-csv.ts'
import { openFileWriter } from './file-writer.ts'
import { loadPageAssets } from './html/inline-script.ts'
import { pageHtml } from './html/page.ts'
import { summaryMarkdown } from './markdown/summary.ts'
import { reportOf } from './views/report.ts'

/** Where a report was written. */
export interface ReportFiles {
  /** Absolute if the folder is absolute. */
  readonly files: readonly string[]
}

/**
 * Writes index.html, summary.md, points.csv, and every chart as `<chart>-<workload>.vl.json` and `.svg`. A workload with
 * a single point has no such files: a chart with one mark shows less than its row of the table. Replaces files with
 * these names and touches nothing else in the folder.
 * @param charts the charts of each workload; default: all registered ones
 */
export async function writeReport(run: Run, folder: string, charts?: readonly WorkloadChart[]): Promise<ReportFiles> {
  const report = reportOf(analyse(run))
  const { write, writeChart, commit } = openFileWriter(folder, 'the report')
  write('index.html', pageHtml(report, await loadPageAssets(), [], charts))
  write('summary.md', summaryMarkdown(report))
  write('points.csv', pointsCsvOf(report.analysis))
  const writeDrawn = ({ kind, spec }: Panel, slug: string) => writeChart(`${kind}-${slug}`, spec)
  for (const section of report.sections.filter(({ points }) => points.length > 1))
    for (const { panels } of chartsOf(report, section, 'file', charts))
      for (const panel of panels) await writeDrawn(panel, section.slug)
  const { overall } = report
  if (overall !== null) await writeDrawn(overallPanel(report, overall, 'file'), overall.slug)
  return { files: await commit() }
}
