import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf, makeFolder, syncFolder } from './disk.ts'

/** A file and its complete content. */
export interface FileContent {
  readonly path: string
  readonly content: string | Uint8Array
  /** Fails with EEXIST instead of replacing a file. */
  readonly isNew?: boolean
}

/** Writes a file completely or not at all: writes a temporary neighbor, syncs it and renames it. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeTogether([{ path, content }])
}

/**
 * Writes several files completely. No file gets its name before all are on disk, so a full disk leaves the previous
 * files in place. Follows links. Writes directly to devices and pipes (`/dev/stdout`).
 */
export async function writeTogether(files: readonly FileContent[]): Promise<void> {
  const drafts: Draft[] = []
  try {
    for (const file of files) drafts.push(await draftOf(file))
    for (const draft of drafts) await draft.commit()
  } catch (error) {
    for (const { path } of drafts) if (path !== null) await rm(path, { force: true }).catch(() => undefined)
    throw error
  }
  for (const folder of new Set(drafts.flatMap(draft => draft.folder ?? []))) await syncFolder(folder)
}

/** Like {@link writeTogether}, but makes missing folders first. */
export async function writeWithFolders(files: readonly FileContent[]): Promise<void> {
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await makeFolder(folder)
  await writeTogether(files)
}

interface Draft {
  /** Temporary neighbor with the content; null if the target is written directly. */
  readonly path: string | null
  readonly folder: string | null
  commit(): Promise<void>
}

async function draftOf({ path, content, isNew = false }: FileContent): Promise<Draft> {
  const there = await stat(path).catch(unlessMissing)
  if (there !== null && !there.isFile() && !isNew)
    return { path: null, folder: null, commit: () => writeFile(path, content) }
  const target = isNew ? path : await targetOf(path)
  const draft = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(4).toString('hex')}.tmp`)
  try {
    const handle = await open(draft, 'w')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (there !== null) await chmod(draft, there.mode & 0o7777)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw error
  }
  return { path: draft, folder: dirname(target), commit: () => (isNew ? place(draft, target) : rename(draft, target)) }
}

/** Of several rivals, exactly one can create the hard link. */
async function place(draft: string, target: string): Promise<void> {
  await link(draft, target)
  await rm(draft)
}

/** Target of a link, so that the file is replaced and not the link; the path itself if it is not a link. */
async function targetOf(path: string): Promise<string> {
  const isLink = (await lstat(path).catch(unlessMissing))?.isSymbolicLink() ?? false
  return isLink ? realpath(path) : path
}

function unlessMissing(error: unknown): null {
  if (errnoOf(error) === 'ENOENT') return null
  throw error
}
