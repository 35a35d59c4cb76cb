import { basename, dirname, join, resolve } from 'node:path'
import { FulcrumError } from '../model/index.ts'
import { diskError, readIfThere } from './disk.ts'
import { readManifest } from './read-run.ts'
import { writeDurably } from './write-files.ts'

/** The run that later runs of its sweep are compared with. */
export interface Baseline {
  readonly schema: 1
  /** Name of the run's folder, beside this file. */
  readonly run: string
  readonly setAt: string
}

/** Name of the file in the folder of a sweep's runs. */
export const baselineFile = 'baseline.json'

/**
 * Makes a run the baseline of its sweep and replaces the previous one.
 * @returns folder of the previous baseline; null if there was none
 * @throws FulcrumError (bad-input) if the folder is not a run; (environment) if the file cannot be written
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
 * Folder of the baseline among a sweep's runs; null if none is set.
 * @throws FulcrumError (bad-input) `baseline-invalid` for a damaged file, `baseline-gone` if its run no longer exists
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

/** Accepts only a name: a path in a file from elsewhere must not lead out of the sweep's folder. */
function runNameIn(text: string, file: string): string {
  try {
    const { schema, run } = JSON.parse(text) as Partial<Baseline>
    if (schema === 1 && typeof run === 'string' && run !== '' && basename(run) === run && !run.startsWith('.'))
      return run
  } catch {
    // Falls through to the error below: this version cannot read the file as a baseline.
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
