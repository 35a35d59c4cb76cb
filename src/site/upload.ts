import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Header } from 'tar-stream'
import { journalFile, type Manifest, manifestFile, readRun, runHolder, sweepFolder } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { isPlain } from './target.ts'

/** Limits of an unpacked upload. A run of 5,000 points has two files per point. */
export interface UploadLimits {
  readonly bytes: number
  readonly files: number
}

/** Maximum length of a file name on common file systems. */
const mostNameBytes = 255

/** Maximum number of files in an upload. */
export const mostUploadedFiles = 20_000

/** Maximum depth of folders in a run. */
const mostDepth = 8

/** A hidden folder, so that lists don't show incomplete runs. */
const stagingFolder = '.uploads'

/** Longer than an upload may take, even when the clocks of two machines differ. */
const abandonedAfterMs = 60 * 60_000

/**
 * Removes remains of uploads of a site that was killed. Another site of a shared folder may have an upload under way.
 */
export async function forgetUnfinished(root: string, now: () => number = Date.now): Promise<void> {
  const staging = join(root, stagingFolder)
  for (const name of await readdir(staging).catch(() => [])) {
    const begun = await stat(join(staging, name)).catch(() => null)
    if (begun !== null && now() - begun.mtimeMs > abandonedAfterMs)
      await rm(join(staging, name), { recursive: true, force: true })
  }
}

/** Folder of the received run, and its status: `replaced` if it continues a run that was there. */
export interface Received {
  readonly place: { readonly sweep: string; readonly run: string }
  readonly outcome: 'created' | 'replaced' | 'unchanged'
}

/** Thrown when an upload is refused, with the HTTP status. */
export class UploadRefused extends Error {
  readonly status: 400 | 409 | 413
  constructor(status: UploadRefused['status'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/**
 * Receives a run as a gzipped tar archive with the manifest and journal at its top, and any other regular files. The
 * run appears below the results only after all of it was received and checked. An existing run stays, unless the upload
 * continues its journal.
 * @param root real path of the results folder
 * @throws UploadRefused if the archive is invalid or too large, has paths outside its folder, or is not a run; or if a
 *   different run has that id
 */
export async function receiveRun(root: string, body: Readable, limits: UploadLimits): Promise<Received> {
  const staging = join(root, stagingFolder, randomBytes(8).toString('hex'))
  await mkdir(staging, { recursive: true, mode: 0o700 })
  try {
    await unpack(body, staging, limits)
    const manifest = await checkedManifest(staging)
    const target = join(sweepFolder(root, manifest.sweep), manifest.runId)
    const place = { sweep: basename(dirname(target)), run: basename(target) }
    await mkdir(dirname(target), { recursive: true })
    const outcome = await settle(staging, target)
    return { place, outcome }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function unpack(body: Readable, folder: string, limits: UploadLimits): Promise<void> {
  const { extract } = await import('tar-stream')
  const archive = extract()
  // Writes each entry before reading the next one, to limit memory.
  const written = (async () => {
    let files = 0
    for await (const entry of archive) {
      files += 1
      if (files > limits.files) throw new UploadRefused(413, `More than ${limits.files} files.`)
      await writeEntry(entry, folder)
    }
  })()
  const results = await Promise.allSettled([
    pipeline(body, createGunzip(), counted(limits.bytes), archive),
    written.catch(error => {
      archive.destroy()
      throw error
    }),
  ])
  const errors: readonly unknown[] = results.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
  if (errors.length === 0) return
  const refused = errors.find(error => error instanceof UploadRefused)
  throw refused ?? new UploadRefused(400, 'The body is not a whole gzipped tar archive.', { cause: errors[0] })
}

/** Passes bytes on up to a limit, because an archive of a few kilobytes may unpack to terabytes. */
function counted(most: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > most)
        done(new UploadRefused(413, `Unpacked, the run is larger than ${Math.floor(most / 1024 ** 2)} MiB.`))
      else done(null, chunk)
    },
  })
}

async function writeEntry(
  entry: AsyncIterable<unknown> & { readonly header: Header; resume(): unknown },
  folder: string,
): Promise<void> {
  const { name, type } = entry.header
  if (type === 'directory') {
    entry.resume()
    return
  }
  const quoted = JSON.stringify(name)
  if (type !== 'file' && type !== 'contiguous-file') throw new UploadRefused(400, `Not a regular file: ${quoted}.`)
  const parts = name.replace(/^\.\//, '').split('/')
  if (!parts.every(part => isPlain(part) && Buffer.byteLength(part) <= mostNameBytes) || parts.length > mostDepth)
    throw new UploadRefused(400, `Invalid path in the archive: ${quoted}.`)
  const path = join(folder, ...parts)
  await mkdir(dirname(path), { recursive: true }).catch(() => undefined)
  const handle = await open(path, 'wx', 0o644).catch(() => null)
  if (handle === null) throw new UploadRefused(400, `The archive contains ${quoted} twice.`)
  try {
    for await (const chunk of entry) if (chunk instanceof Uint8Array) await handle.write(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The id of a run is also the name of its folder and page. Fulcrum creates ids such as `20261125T015517Z-eaad8b`. */
const isRunId = (id: unknown): id is string => typeof id === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)

/** Checks that the unpacked folder is a complete, readable run. */
async function checkedManifest(folder: string): Promise<Manifest> {
  try {
    const { manifest, torn } = await readRun(folder)
    if ((await stat(join(folder, journalFile)).catch(() => null)) === null)
      throw new UploadRefused(400, `The archive has no ${journalFile}.`)
    if (!isRunId(manifest.runId) || typeof manifest.sweep !== 'string')
      throw new UploadRefused(400, `The ${manifestFile} has no valid run id.`)
    if (torn) throw new UploadRefused(400, `The ${journalFile} ends in the middle of a line.`)
    return manifest
  } catch (error) {
    if (error instanceof UploadRefused) throw error
    const why =
      error instanceof FulcrumError ? withoutFolder(error.message, folder) : 'The archive does not contain a run.'
    throw new UploadRefused(400, why, { cause: error })
  }
}

const withoutFolder = (message: string, folder: string) => message.replaceAll(folder, 'the archive')

/** Maximum number of simultaneous uploads of one run, also by several sites of a shared folder. */
const mostRivals = 5

/** Moves the run to its place. Of several uploads at once, one wins; the others then find its run there. */
async function settle(staging: string, target: string): Promise<Received['outcome']> {
  for (let tries = 1; ; tries++) {
    try {
      return await settleOnce(staging, target)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      const wasOvertaken = code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT'
      if (!wasOvertaken || tries === mostRivals) throw error
    }
  }
}

async function settleOnce(staging: string, target: string): Promise<Received['outcome']> {
  const there = await stat(target).catch(() => null)
  if (there === null) {
    await rename(staging, target)
    return 'created'
  }
  const relation = await relationOf(join(target, journalFile), join(staging, journalFile))
  if (relation === 'same') return 'unchanged'
  const name = relative(dirname(dirname(target)), target)
    .split(sep)
    .join('/')
  if (relation === 'other') throw new UploadRefused(409, `A different run with the name ${name} already exists.`)
  if ((await runHolder(target).catch(() => null)) !== null)
    throw new UploadRefused(409, `The run ${name} is still running here.`)
  const old = `${staging}.old`
  await rename(target, old)
  try {
    await rename(staging, target)
  } catch (error) {
    // The quicker upload put a copy there, so the old folder is no longer needed.
    await rename(old, target).catch(() => rm(old, { recursive: true, force: true }))
    throw error
  }
  await rm(old, { recursive: true, force: true })
  return 'replaced'
}

/** Relation of a journal to the existing one: `longer` if it continues it. */
async function relationOf(there: string, sent: string): Promise<'same' | 'longer' | 'other'> {
  const [before, now] = await Promise.all([readFile(there).catch(() => Buffer.alloc(0)), stat(sent)])
  if (now.size < before.length) return 'other'
  let at = 0
  for await (const chunk of createReadStream(sent, { end: Math.max(0, before.length - 1) })) {
    if (before.length > 0 && !before.subarray(at, at + chunk.length).equals(chunk)) return 'other'
    at += chunk.length
  }
  return now.size === before.length ? 'same' : 'longer'
}
