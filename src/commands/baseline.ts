import { dirname, resolve } from 'node:path'
import { baselineOf, runsOf, setBaseline, sweepFolder } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { findRun, type RunChoice, runFolder } from './find-run.ts'
import { sweepNamed } from './find-sweep.ts'

/** The word that names the baseline where a command takes a run. */
const baselineWord = 'baseline'

/** Makes a run the baseline of its sweep. Default: the newest run. */
export async function chooseBaseline(
  choice: RunChoice,
): Promise<{ readonly folder: string; readonly before: string | null }> {
  const folder = await findRun(choice)
  return { folder, before: await setBaseline(folder) }
}

/** The baseline of a sweep. Default: the only sweep in the results folder. */
export async function shownBaseline(
  resultsRoot: string,
  sweep?: string,
): Promise<{ readonly sweep: string; readonly folder: string | null; readonly youngerRuns: number }> {
  const root = resolve(resultsRoot)
  const name = await sweepNamed(root, sweep)
  const folder = await baselineOf(sweepFolder(root, name))
  const runs = await runsOf(root, name)
  const at = runs.findIndex(run => run.folder === folder)
  return { sweep: name, folder, youngerRuns: at < 0 ? 0 : runs.length - 1 - at }
}

/**
 * The folder of a run. `baseline` means the baseline of the sweep that the run `beside` belongs to.
 * @throws FulcrumError (bad-input) if no baseline is set
 */
export async function resolveBaseline(run: string, beside: string, resultsRoot: string): Promise<string> {
  if (run !== baselineWord) return runFolder(run, resultsRoot)
  const sweepRuns = dirname(resolve(beside))
  const folder = await baselineOf(sweepRuns)
  if (folder !== null) return folder
  throw new FulcrumError('bad-input', 'no-baseline', `No baseline is set for ${sweepRuns}.`, {
    remedy: 'Set one with `fulcrum baseline set RUN`, or give the folder of a run.',
  })
}
