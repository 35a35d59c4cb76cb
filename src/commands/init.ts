import { lstat, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { diskError, writeWithFolders } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { sweepOf } from '../spec/load-sweep.ts'
import { initTemplates, textIn } from '../spec/templates.ts'
import { type AskedSweep, ownSweep } from './own-sweep.ts'

/** A file that `fulcrum init` wrote or, with `--dry-run`, would write. */
export interface TemplateFile {
  readonly path: string
  readonly text: string
}

/**
 * Writes a complete sweep file under a new name, and beside it the files that it names. Never overwrites; an identical
 * file beside it is kept.
 * @returns the sweep file first
 * @throws FulcrumError (bad-input) for an unknown template or an existing file, before anything is written
 */
export async function writeSweepTemplate(
  file: string,
  template: string,
  dryRun: boolean,
): Promise<readonly [TemplateFile, ...TemplateFile[]]> {
  const templates = initTemplates()
  const found = templates[template]
  if (found === undefined) {
    throw new FulcrumError('bad-input', 'unknown-template', `Unknown template '${template}'.`, {
      remedy: `Use one of: ${Object.keys(templates).join(', ')}.`,
    })
  }
  const path = resolve(file)
  const sweep: TemplateFile = { path, text: textIn(dirname(path), found.text) }
  const beside = Object.entries(found.beside).map(([path, text]) => ({ path: join(dirname(sweep.path), path), text }))
  if (dryRun) return [sweep, ...beside]
  const missing: TemplateFile[] = []
  for (const one of beside) {
    const there = await readFile(one.path, 'utf8').catch(() => null)
    if (there === null) missing.push(one)
    else if (there !== one.text) throw isThere(one.path)
  }
  await writeNew([sweep, ...missing])
  return [sweep, ...missing]
}

/**
 * Writes a sweep file from the user's answers. Checks it before writing anything.
 * @throws FulcrumError (bad-input) for answers that make no valid sweep, or an existing file
 */
export async function writeOwnSweep(file: string, asked: AskedSweep, dryRun: boolean): Promise<TemplateFile> {
  const path = resolve(file)
  const text = ownSweep(file, asked)
  await sweepOf({ text, path, shown: file, options: {} })
  const sweep = { path, text }
  if (!dryRun) await writeNew([sweep])
  return sweep
}

/** The templates, each with the start of its head comment. */
export function listedTemplates(): readonly { readonly name: string; readonly about: string }[] {
  return Object.entries(initTemplates()).map(([name, { text }]) => {
    const [head = ''] = text.split(/\n(?!#)/)
    const comment = head.replace(/^# ?/gm, '').replace(/\s+/g, ' ')
    const [about = ''] = /^.*?[.?!](?= |$)/.exec(comment) ?? [comment]
    return { name, about }
  })
}

async function writeNew(files: readonly [TemplateFile, ...TemplateFile[]]): Promise<void> {
  const [{ path: sweepFile }] = files
  for (const { path } of files) if ((await lstat(path).catch(() => null)) !== null) throw isThere(path)
  try {
    await writeWithFolders(files.map(({ path, text }) => ({ path, content: text, isNew: true })))
  } catch (error) {
    throw diskError(error, 'write the sweep file', sweepFile)
  }
}

function isThere(path: string): FulcrumError {
  return new FulcrumError('bad-input', 'file-exists', `${path} already exists and was not changed.`, {
    remedy: 'Choose another file name.',
  })
}
