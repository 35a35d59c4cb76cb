import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { runNamesIn, runsMadeIn } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'

/** How a command names a run: by folder or ID. Default: the newest run in the results folder. */
export interface RunChoice {
  readonly folder?: string
  readonly resultsRoot: string
}

/**
 * The folder of a run.
 * @throws FulcrumError (bad-input) if there is no run
 */
export async function findRun({ folder, resultsRoot }: RunChoice): Promise<string> {
  if (folder !== undefined) return runFolder(folder, resultsRoot)
  const newest = (await runsMadeIn(resolve(resultsRoot))).at(-1)
  if (newest !== undefined) return newest.folder
  throw new FulcrumError('bad-input', 'no-run', `No runs in ${resolve(resultsRoot)}.`, {
    remedy:
      'Start a run with `fulcrum run FILE`, give the folder of a run, or give the folder that holds the runs with --out.',
  })
}

/**
 * The folder of a run given by path, or by ID in the results folder. An existing path comes first; a name that is
 * neither counts as a path.
 * @throws FulcrumError (bad-input) if runs of several sweeps have the ID
 */
export async function runFolder(named: string, resultsRoot: string): Promise<string> {
  const path = resolve(named)
  if (/[/\\]/.test(named) || (await stat(path).catch(() => null)) !== null) return path
  const runs = (await runNamesIn(resolve(resultsRoot))).filter(({ id }) => id === named)
  if (runs.length > 1)
    throw new FulcrumError('bad-input', 'ambiguous-run', `Several runs have the ID ${named}.`, {
      remedy: `Give the folder: ${runs.map(({ folder }) => folder).join(' or ')}.`,
    })
  return runs[0]?.folder ?? path
}
