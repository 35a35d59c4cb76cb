import { runsMadeIn } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { nearMiss } from '../yaml/near-miss.ts'

/**
 * The named sweep, otherwise the only one in the results folder.
 * @throws FulcrumError (bad-input) if there is none, or several and none is named
 */
export async function sweepNamed(resultsRoot: string, sweep?: string): Promise<string> {
  const names = [...new Set((await runsMadeIn(resultsRoot)).map(run => run.manifest.sweep))].sort()
  const [only] = names
  if (only === undefined)
    throw new FulcrumError('bad-input', 'no-run', `No runs in ${resultsRoot}.`, {
      remedy: 'Start a run with `fulcrum run FILE`, or give the folder that holds the runs with --out.',
    })
  if (sweep === undefined && names.length === 1) return only
  if (sweep !== undefined && names.includes(sweep)) return sweep
  const near = sweep === undefined ? null : nearMiss(sweep, names)
  throw new FulcrumError(
    'bad-input',
    'no-such-sweep',
    sweep === undefined
      ? `${resultsRoot} holds runs of ${names.length} sweeps.`
      : `No runs of sweep '${sweep}' in ${resultsRoot}.`,
    { remedy: near === null ? `Sweeps with runs: ${names.slice(0, 20).join(', ')}.` : `Did you mean ${near}?` },
  )
}
