import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FulcrumError } from '../../model/index.ts'
import { mostUploadedFiles, receiveRun, UploadRefused } from '../../site/upload.ts'
import { keyOf, type Place } from './places.ts'
import type { Store } from './s3.ts'

/** Number of attempts if others write the same run at the same time. In each round, one of them succeeds. */
const mostTries = 5

/** Result of a push to a store. */
export interface StoredRun {
  readonly outcome: 'created' | 'replaced' | 'unchanged'
  /** Address of the run's object. */
  readonly url: string
}

/**
 * Writes a run to a store by the rules of an upload: an existing run stays, unless this run continues its journal.
 * @param archive makes the run's gzipped tar archive
 * @throws FulcrumError (bad-input) if a different run is in its place; the errors of the store
 */
export async function pushToStore(
  store: Store,
  place: Place,
  archive: () => Promise<Readable>,
  signal?: AbortSignal,
): Promise<StoredRun> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-push-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'run.tar.gz')
  await pipeline(await archive(), createWriteStream(file))
  const key = keyOf(place)
  const url = `${store.url}/${key}`
  for (let attempt = 1; attempt <= mostTries; attempt++) {
    const stored = join(folder, `${attempt}.tar.gz`)
    const etag = await store.get(key, stored, signal)
    const outcome = await outcomeOf(join(folder, `${attempt}`), etag === null ? null : stored, file, url)
    if (outcome === 'unchanged') return { outcome, url }
    const condition = etag === null ? ({ ifAbsent: true } as const) : { ifMatch: etag }
    if ((await store.put(key, file, condition, signal)) === 'stored') return { outcome, url }
  }
  throw new FulcrumError('environment', 'store-busy', 'The run changes in the store again and again.', {
    where: url,
    remedy: 'Push it again when no other upload of it is running.',
  })
}

/** The outcome of an upload next to the stored run. The same code decides for a site. */
async function outcomeOf(
  root: string,
  stored: string | null,
  sent: string,
  url: string,
): Promise<StoredRun['outcome']> {
  if (stored !== null) await received(root, stored, url, 'The object in its place is not a run: ')
  return received(root, sent, url, '')
}

async function received(root: string, file: string, where: string, before: string): Promise<StoredRun['outcome']> {
  const limits = { bytes: Number.POSITIVE_INFINITY, files: mostUploadedFiles }
  try {
    return (await receiveRun(root, createReadStream(file), limits)).outcome
  } catch (error) {
    if (!(error instanceof UploadRefused)) throw error
    throw new FulcrumError('bad-input', 'push-refused', `${before}${error.message}`, { where, cause: error })
  }
}
