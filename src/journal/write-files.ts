import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf, makeFolder, syncFolder } from './disk.ts'

/** A file and all that shall be in it. */
export interface FileContent {
  readonly path: string
  readonly content: string | Uint8Array
  /** Never replace a file: EEXIST is the error then. */
  readonly isNew?: boolean
}

/** Writes a file as a whole or not at all: to a neighbour first, synced, then renamed over. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeTogether([{ path, content }])
}

/**
 * Writes files whole. None gets its name before all are on the disk: one that fills up leaves what was there before.
 * A link is followed. A device or a pipe (`/dev/stdout`) is written to as it is.
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

/** As {@link writeTogether}, with the folders made that the files lie in. */
export async function writeWithFolders(files: readonly FileContent[]): Promise<void> {
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await makeFolder(folder)
  await writeTogether(files)
}

interface Draft {
  /** The neighbour that holds the content; null for what is written to directly. */
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

/** A hard link is made for one of any number of rivals. */
async function place(draft: string, target: string): Promise<void> {
  await link(draft, target)
  await rm(draft)
}

/** Where a link leads, so that the file is replaced and not the link; the path itself when it is none. */
async function targetOf(path: string): Promise<string> {
  const isLink = (await lstat(path).catch(unlessMissing))?.isSymbolicLink() ?? false
  return isLink ? realpath(path) : path
}

function unlessMissing(error: unknown): null {
  if (errnoOf(error) === 'ENOENT') return null
  throw error
}
