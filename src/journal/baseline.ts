import { basename, dirname, join, resolve } from 'node:path'
import { FulcrumError } from '../model/index.ts'
import { diskError, readIfThere } from './disk.ts'
import { readManifest } from './read-run.ts'
import { writeDurably } from './write-files.ts'

/** The run that others of its sweep are held against. */
export interface Baseline {
  readonly schema: 1
  /** Name of the run's folder, beside this file. */
  readonly run: string
  readonly setAt: string
}

/** The file's name in the folder of a sweep's runs. */
export const baselineFile = 'baseline.json'

/**
 * Makes a run the baseline of its sweep, in place of the one before.
 * @returns the folder of the run that was the baseline; null when none was
 * @throws FulcrumError (bad-input) for a folder that is no run; (environment) when it can't be written
 */
export async function setBaseline(runFolder: string, now = new Date()): Promise<string | null> {
  const folder = resolve(runFolder)
  await readManifest(folder)
  const sweepRuns = dirname(folder)
  const before = await baselineOf(sweepRuns)
  const baseline: Baseline = { schema: 1, run: basename(folder), setAt: now.toISOString() }
  const file = join(sweepRuns, baselineFile)
  await writeDurably(file, `${JSON.stringify(baseline, null, 2)}\n`).catch(error =>
    Promise.reject(diskError(error, 'write the baseline', file)),
  )
  return before
}

/**
 * The folder of the baseline among a sweep's runs; null when none is set.
 * @throws FulcrumError (bad-input) `baseline-invalid` for a damaged file, `baseline-gone` when its run is not there any
 *   more
 */
export async function baselineOf(sweepRuns: string): Promise<string | null> {
  const file = join(sweepRuns, baselineFile)
  const bytes = await readIfThere(file).catch(error => Promise.reject(diskError(error, 'read the baseline', file)))
  if (bytes === null) return null
  const folder = join(sweepRuns, runNameIn(bytes.toString('utf8'), file))
  await readManifest(folder).catch(cause => {
    throw new FulcrumError('bad-input', 'baseline-gone', `The run of the baseline no longer exists: ${folder}`, {
      where: file,
      remedy: 'Choose another with `fulcrum baseline set RUN`.',
      cause,
    })
  })
  return folder
}

/** Only a name: a path in a file that came from elsewhere must not lead out of the sweep's folder. */
function runNameIn(text: string, file: string): string {
  try {
    const { schema, run } = JSON.parse(text) as Partial<Baseline>
    if (schema === 1 && typeof run === 'string' && run !== '' && basename(run) === run && !run.startsWith('.'))
      return run
  } catch {
    // Falls through to the same answer: this is no baseline that this version can read.
  }
  throw new FulcrumError(
    'bad-input',
    'baseline-invalid',
    'This baseline is damaged or was written by another version of Fulcrum',
    {
      where: file,
      remedy: 'Set it again with `fulcrum baseline set RUN`.',
    },
  )
}
