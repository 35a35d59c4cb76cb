import { join, resolve } from 'node:path'
import { diskError, readRun, writeTogether, writeWithFolders } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { type ExportFormat, formatNamed } from '../render/export/format.ts'
import { exportFormats } from '../render/export/formats.ts'
import { findRun, type RunChoice } from './find-run.ts'

export { type ExportFormat, exportFormats }

/** Exported content: a text for stdout without a target, otherwise the files. */
export interface Exported {
  readonly content: string | Uint8Array | null
  readonly to: string
  readonly files: readonly string[]
}

/**
 * Writes a run's points in a format for other tools.
 * @param request.format a name of `formats`
 * @param formats default: the registered ones
 * @throws FulcrumError (bad-input) `unknown-format`; `no-folder` if a format of several files has no target folder
 */
export async function exportRun(
  request: RunChoice & { readonly format: string; readonly to?: string },
  formats: readonly ExportFormat[] = exportFormats,
): Promise<Exported> {
  const format = formatNamed(request.format, formats)
  if (format.shape !== 'file' && request.to === undefined) {
    const what = format.shape === 'folder' ? 'several files' : 'a folder for each point'
    throw new FulcrumError('bad-input', 'no-folder', `The format ${format.name} writes ${what}.`, {
      remedy: 'Add --to FOLDER.',
    })
  }
  const written = await format.write(await readRun(await findRun(request)))
  if (request.to === undefined) return { content: written[0]?.content ?? '', to: '', files: [] }
  const to = resolve(request.to)
  const files = written.map(({ path, content }) => ({ path: path === '' ? to : join(to, path), content }))
  const write = format.shape === 'file' ? writeTogether : writeWithFolders
  await write(files).catch(error => Promise.reject(diskError(error, 'write the export', to)))
  return { content: null, to, files: files.map(({ path }) => path) }
}
