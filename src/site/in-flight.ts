import { runHolder } from '../journal/index.ts'
import { type Live, readLive } from '../journal/live.ts'
import type { RunSummary } from './catalogue.ts'

/** The point in flight of a run. */
export interface InFlight {
  readonly sweep: string
  readonly live: Live
}

/**
 * The points in flight of running runs.
 * @param runs newest first; of each sweep, only the first running one counts
 */
export async function pointsInFlight(runs: readonly RunSummary[]): Promise<readonly InFlight[]> {
  const running = Map.groupBy(
    runs.filter(({ state }) => state === 'running'),
    ({ place }) => place.sweep,
  )
  const found = await Promise.all(
    [...running].map(async ([sweep, [run]]) => {
      if (run === undefined) return []
      const holder = await runHolder(run.folder).catch(() => null)
      const live = await readLive(run.folder, holder, undefined)
      return live === null ? [] : [{ sweep, live }]
    }),
  )
  return found.flat()
}
