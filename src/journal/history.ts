import { readRun } from './read-run.ts'
import type { Run } from './run.ts'
import { runsOf } from './runs.ts'

/** How many runs back an estimate looks for one that measured something. */
const runsToTry = 5

/** Mean wall seconds that a run's points took, redeployments apart; undefined when it measured none. */
export function secondsPerPoint(run: Pick<Run, 'lines'>): number | undefined {
  const seconds = run.lines.flatMap(({ event }) =>
    event.type === 'point' && event.result.measurement !== null ? [event.elapsedS] : [],
  )
  return seconds.length === 0 ? undefined : seconds.reduce((sum, value) => sum + value, 0) / seconds.length
}

/**
 * What a point of this sweep took the last time, for a plan's estimate; undefined without a past run that can be read.
 */
export async function pastSecondsPerPoint(resultsRoot: string, sweepName: string): Promise<number | undefined> {
  const runs = await runsOf(resultsRoot, sweepName)
  for (const { folder } of runs.slice(-runsToTry).reverse()) {
    const run = await readRun(folder).catch(() => null)
    const seconds = run === null ? undefined : secondsPerPoint(run)
    if (seconds !== undefined) return seconds
  }
  return undefined
}
