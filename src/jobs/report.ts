import { resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import { readRun } from '../journal/index.ts'
import { type FrontierRow, frontierTable } from '../report/frontier-table.ts'
import { findRun, type RunChoice } from './find-run.ts'

export interface WrittenReport {
  readonly folder: string
  /** Path of the page. */
  readonly index: string
  readonly files: readonly string[]
  readonly frontier: readonly FrontierRow[]
}

/** Reads a run back from its journal and writes its report; `to` puts it elsewhere than into the run. */
export async function reportRun(choice: RunChoice & { readonly to?: string }): Promise<WrittenReport> {
  const run = await readRun(await findRun(choice))
  const folder = choice.to === undefined ? resolve(run.folder, 'report') : resolve(choice.to)
  // Vega takes most of a second to load, which only a report should cost.
  const { writeReport } = await import('../report/write-report.ts')
  const { files } = await writeReport(run, folder)
  return { folder, index: resolve(folder, 'index.html'), files, frontier: frontierTable(analyse(run)) }
}
