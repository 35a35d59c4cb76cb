import { readRun } from './read-run.ts'
import type { Run } from './run.ts'
import { runsOf } from './runs.ts'

/** How many recent runs to search for one with measurements. */
const runsToTry = 5

/** Mean wall time per point in s, without redeployments; undefined if the run measured none. */
export function secondsPerPoint(run: Pick<Run, 'lines'>): number | undefined {
  const seconds = run.lines.flatMap(({ event }) =>
    event.type === 'point' && event.result.measurement !== null ? [event.elapsedS] : [],
  )
  return seconds.length === 0 ? undefined : seconds.reduce((sum, value) => sum + value, 0) / seconds.length
}

/** Time per point in this sweep's latest readable run in s, for a plan's estimate; undefined without such a run. */
export async function pastSecondsPerPoint(resultsRoot: string, sweepName: string): Promise<number | undefined> {
  const runs = await runsOf(resultsRoot, sweepName)
  for (const { folder } of runs.slice(-runsToTry).reverse()) {
    const run = await readRun(folder).catch(() => null)
    const seconds = run === null ? undefined : secondsPerPoint(run)
    if (seconds !== undefined) return seconds
  }
  return undefined
}
