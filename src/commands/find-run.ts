import { resolve } from 'node:path'
import { runsMadeIn } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'

/** How a command names a run: its folder, or the newest one under the results. */
export interface RunChoice {
  readonly folder?: string
  readonly resultsRoot: string
}

/** @throws FulcrumError (bad-input) when no run is there */
export async function findRun({ folder, resultsRoot }: RunChoice): Promise<string> {
  if (folder !== undefined) return resolve(folder)
  const newest = (await runsMadeIn(resolve(resultsRoot))).at(-1)
  if (newest !== undefined) return newest.folder
  throw new FulcrumError('bad-input', 'no-run', `No runs in ${resolve(resultsRoot)}.`, {
    remedy:
      'Start a run with `fulcrum run FILE`, give the folder of a run, or give the folder that holds the runs with --out.',
  })
}
