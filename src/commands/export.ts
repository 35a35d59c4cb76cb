import { join, resolve } from 'node:path'
import {
  diskError,
  type FileContent,
  journalJson,
  type Run,
  readRun,
  writeTogether,
  writeWithFolders,
} from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { exportAiperf } from '../render/export/aiperf.ts'
import { exportGenaiPerf } from '../render/export/genai-perf.ts'
import { openMetrics } from '../render/export/openmetrics.ts'
import { pointsCsv } from '../render/export/points-csv.ts'
import { findRun, type RunChoice } from './find-run.ts'

export const exportFormats = ['csv', 'json', 'openmetrics', 'parquet', 'genai-perf', 'aiperf'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** What was exported: content for stdout when nothing was named to write to, else the files. */
export interface Exported {
  readonly content: string | Uint8Array | null
  readonly to: string
  readonly files: readonly string[]
}

/** The formats that are one file. */
const contentOf = {
  csv: pointsCsv,
  json: journalJson,
  openmetrics: openMetrics,
  parquet: async (run: Run) => (await import('../render/export/parquet.ts')).pointsParquet(run),
} as const

/** Writes a run's points in a format that other tools read. */
export async function exportRun(
  request: RunChoice & { readonly format: ExportFormat; readonly to?: string },
): Promise<Exported> {
  const run = await readRun(await findRun(request))
  const { format } = request
  if (format !== 'genai-perf' && format !== 'aiperf') {
    const content = await contentOf[format](run)
    if (request.to === undefined) return { content, to: '', files: [] }
    const path = resolve(request.to)
    await writeTogether([{ path, content }]).catch(error => Promise.reject(diskError(error, 'write the export', path)))
    return { content: null, to: path, files: [path] }
  }
  if (request.to === undefined) {
    throw new FulcrumError('bad-input', 'no-folder', `${format} results are a folder a point, so they need a place.`, {
      remedy: 'Add --to FOLDER.',
    })
  }
  const files: FileContent[] = []
  const to = resolve(request.to)
  for (const result of run.results) {
    const folder = join(to, result.point.id)
    const exported = format === 'aiperf' ? exportAiperf(result) : exportGenaiPerf(result)
    for (const [name, content] of Object.entries(exported)) files.push({ path: join(folder, name), content })
  }
  await writeWithFolders(files).catch(error => Promise.reject(diskError(error, 'write the export', to)))
  return { content: null, to, files: files.map(({ path }) => path) }
}
