import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isPlain } from '../../site/target.ts'
import { mostUploadedFiles, receiveRun, UploadRefused } from '../../site/upload.ts'
import { type Place, placeOf } from './places.ts'
import type { Store } from './s3.ts'

/**
 * Version of a mirrored run's object, in a file of the run. Hidden, so that it moves with the run and appears in no
 * list.
 */
const etagFile = '.etag'
/** Hidden, so that lists do not show incomplete runs. */
const incoming = '.incoming'

/** A folder with the runs of a store. Several processes can share it. */
export interface Mirror {
  /**
   * Updates the folder to the current content of the store.
   * @throws the errors of the store; runs fetched before the error remain
   */
  update(signal?: AbortSignal): Promise<void>
}

/** Limit and callbacks of a mirror. */
export interface MirrorOptions {
  /** Maximum size of an unpacked run, in bytes. */
  readonly mostBytes: number
  /** Called before each run is fetched. */
  readonly onFetch?: (done: number, of: number) => void
  /** Called for an object that is not a complete run. It is skipped until it changes. */
  readonly onLeftOut?: (key: string, why: string) => void
}

/** The folder in the user's cache with a store's runs. It can be deleted at any time. */
export function mirrorFolder(store: Store, env: NodeJS.ProcessEnv): string {
  const id = createHash('sha256').update(store.where).digest('hex').slice(0, 16)
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fulcrum/stores', id)
}

/**
 * Opens a mirror of a store.
 * @param root folder of the mirror, created if necessary
 */
export function openMirror(store: Store, root: string, { mostBytes, onFetch, onLeftOut }: MirrorOptions): Mirror {
  // A damaged object is not fetched again until it changes.
  const leftOut = new Map<string, string>()
  return {
    async update(signal) {
      await mkdir(root, { recursive: true, mode: 0o700 })
      const objects = await store.list(signal)
      const runs = objects.flatMap(({ key, etag }) => {
        const place = placeOf(key)
        return place === null ? [] : [{ key, etag, place }]
      })
      const wanted = new Set(runs.map(({ place }) => pathOf(place)))
      const here = await mirrored(root)
      const gone = here.filter(({ place }) => !wanted.has(pathOf(place)))
      for (const { place } of gone) await rm(join(root, pathOf(place)), { recursive: true, force: true })
      const etags = new Map(here.map(({ place, etag }) => [pathOf(place), etag]))
      const changed = runs.filter(
        ({ key, etag, place }) => etags.get(pathOf(place)) !== etag && leftOut.get(key) !== etag,
      )
      let done = 0
      for (const run of changed) {
        onFetch?.(done, changed.length)
        done += 1
        const why = await fetchRun(store, root, { ...run, mostBytes, signal })
        if (why === null) continue
        leftOut.set(run.key, run.etag)
        onLeftOut?.(run.key, why)
      }
    },
  }
}

/**
 * Updates a mirror repeatedly until aborted.
 * @param onChange called once when the store stops responding, and once when it responds again
 */
export async function followStore(
  mirror: Mirror,
  {
    everyMs,
    signal,
    onChange,
  }: { readonly everyMs: number; readonly signal: AbortSignal; readonly onChange: (error: unknown | null) => void },
): Promise<void> {
  let isDown = false
  while (!signal.aborted) {
    await wait(everyMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    try {
      await mirror.update(signal)
      if (isDown) onChange(null)
      isDown = false
    } catch (error) {
      if (signal.aborted) return
      if (!isDown) onChange(error)
      isDown = true
    }
  }
}

const pathOf = ({ sweep, run }: Place) => join(sweep, run)

/** The runs in the folder, each with the version of its object. */
async function mirrored(root: string): Promise<readonly { readonly place: Place; readonly etag: string }[]> {
  const found: { place: Place; etag: string }[] = []
  for (const sweep of (await readdir(root)).filter(isPlain))
    for (const run of (await readdir(join(root, sweep)).catch(() => [])).filter(isPlain)) {
      const etag = await readFile(join(root, sweep, run, etagFile), 'utf8').catch(() => '')
      found.push({ place: { sweep, run }, etag })
    }
  return found
}

/** Fetches a run completely and moves it to its place. Returns the reason if it cannot. */
async function fetchRun(
  store: Store,
  root: string,
  run: {
    readonly key: string
    readonly place: Place
    readonly mostBytes: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<string | null> {
  const scratch = join(root, incoming, randomBytes(8).toString('hex'))
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  try {
    const file = join(scratch, 'run.tar.gz')
    const etag = await store.get(run.key, file, run.signal)
    // Deleted since it was listed. The next update removes the run here.
    if (etag === null) return null
    const limits = { bytes: run.mostBytes, files: mostUploadedFiles }
    const { place } = await receiveRun(scratch, createReadStream(file), limits)
    if (pathOf(place) !== pathOf(run.place)) return `It holds another run: ${pathOf(place)}.`
    const fetched = join(scratch, pathOf(place))
    await writeFile(join(fetched, etagFile), etag)
    await swap(fetched, join(root, pathOf(place)), join(scratch, '.old'))
    return null
  } catch (error) {
    if (error instanceof UploadRefused) return error.message
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Moves the folder to its place. If another process does the same at the same time, either result is right. */
async function swap(fetched: string, target: string, old: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  await rename(target, old).catch(() => undefined)
  await rename(fetched, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
}
