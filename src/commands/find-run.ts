import { resolve } from 'node:path'
import { listRuns } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'

/** How a command names a run: its folder, or the newest one under the results. */
export interface RunChoice {
  readonly folder?: string
  readonly resultsRoot: string
}

/** @throws FulcrumError (bad-input) when no run is there */
export async function findRun({ folder, resultsRoot }: RunChoice): Promise<string> {
  if (folder !== undefined) return resolve(folder)
  const newest = (await listRuns(resolve(resultsRoot))).at(-1)
  if (newest !== undefined) return newest.folder
  throw new FulcrumError('bad-input', 'no-run', `There is no run under ${resolve(resultsRoot)}.`, {
    remedy: 'Make one with `fulcrum run FILE`, or name its folder, or where runs are kept with --out.',
  })
}
