import { listRuns } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { nearMiss } from '../yaml/near-miss.ts'

/**
 * The sweep that a command means: the one named, or the only one under the results.
 * @throws FulcrumError (bad-input) when there is none, or none can be chosen
 */
export async function sweepNamed(resultsRoot: string, sweep?: string): Promise<string> {
  const names = [...new Set((await listRuns(resultsRoot)).map(run => run.manifest.sweep))].sort()
  const [only] = names
  if (only === undefined)
    throw new FulcrumError('bad-input', 'no-run', `There is no run under ${resultsRoot}.`, {
      remedy: 'Make one with `fulcrum run FILE`, or name where runs are kept with --out.',
    })
  if (sweep === undefined && names.length === 1) return only
  if (sweep !== undefined && names.includes(sweep)) return sweep
  const near = sweep === undefined ? null : nearMiss(sweep, names)
  throw new FulcrumError(
    'bad-input',
    'no-such-sweep',
    sweep === undefined
      ? `There are runs of ${names.length} sweeps under ${resultsRoot}.`
      : `There is no run of sweep ${sweep} under ${resultsRoot}.`,
    { remedy: near === null ? `Name one: ${names.slice(0, 20).join(', ')}.` : `Perhaps meant: ${near}.` },
  )
}
