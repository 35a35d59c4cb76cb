import { join } from 'node:path'
import { FulcrumError } from '../model/index.ts'
import { diskError, readIfThere } from './disk.ts'
import type { JournalEvent, JournalLine, PointResult } from './event.ts'
import { followed } from './followed.ts'
import { journalFile } from './journal.ts'
import type { Manifest } from './manifest.ts'
import type { Run } from './run.ts'
import { type Scan, scanJournal } from './scan.ts'
import { withQuality } from './with-quality.ts'

/** The manifest's name in a run folder. */
export const manifestFile = 'manifest.json'

/** A run as read from disk, with the scan of its journal. Opening the run continues from that scan. */
export interface ScannedRun extends Run {
  readonly scan: Scan
}

/**
 * Reads a run from disk without its lock, even while another process writes it.
 * @throws FulcrumError (bad-input, `not-a-run`) if the folder is not a run; (environment, `journal-corrupt`)
 */
export async function readRun(folder: string): Promise<Run> {
  const { scan: _, ...run } = await scanRun(folder)
  return run
}

/** Like {@link readRun}, for a run that may be opened afterwards. */
export async function scanRun(folder: string): Promise<ScannedRun> {
  const manifest = await readManifest(folder)
  const file = join(folder, journalFile)
  const bytes =
    (await readIfThere(file).catch(error => Promise.reject(diskError(error, 'read the journal', file)))) ??
    Buffer.alloc(0)
  const scan = scanJournal(bytes, file)
  return {
    folder,
    manifest,
    lines: scan.lines,
    results: latestResults(scan.lines),
    deployments: scan.lines.map(line => line.event).filter(event => event.type === 'deployment'),
    ended: endOf(scan.lines),
    torn: scan.tornBytes > 0,
    scan,
  }
}

/** @throws FulcrumError (bad-input, `not-a-run`, `manifest-invalid`) */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestFile)
  const bytes = await readIfThere(file).catch(error => Promise.reject(diskError(error, 'read the manifest', file)))
  if (bytes === null)
    throw new FulcrumError('bad-input', 'not-a-run', `No run in ${folder}: it has no ${manifestFile}.`, {
      where: folder,
      remedy: 'Name a run folder, such as results/<sweep>/<run>.',
    })
  try {
    const manifest = JSON.parse(bytes.toString('utf8')) as Manifest
    if (manifest.schema === 1) return manifest
  } catch {
    // Falls through to the error below: this version cannot read the file as a manifest.
  }
  throw new FulcrumError(
    'bad-input',
    'manifest-invalid',
    'This manifest is damaged or was written by another version of Fulcrum',
    {
      where: file,
    },
  )
}

/** Latest result of each point in the order of first measurement, with the latest quality check of the point. */
export const latestResults = (lines: readonly JournalLine[]): readonly PointResult[] => [...latestById(lines).values()]

const latestById = followed<Map<string, PointResult>>(
  () => new Map(),
  (latest, { event }) => {
    if (event.type === 'point') latest.set(event.result.point.id, event.result)
    if (event.type !== 'quality') return
    const result = latest.get(event.pointId)
    if (result !== undefined) latest.set(event.pointId, withQuality(result, event))
  },
)

/** How the latest attempt ended; null while it runs and if it was killed. */
function endOf(lines: readonly JournalLine[]): Extract<JournalEvent, { type: 'run-ended' }> | null {
  const last = lines.findLast(({ event }) => event.type !== 'note')?.event
  return last?.type === 'run-ended' ? last : null
}
