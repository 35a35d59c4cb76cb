import { isOfSweep, leftOutIn, type Run, readRun } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { pointsOf } from '../plan/points.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'

/**
 * Reads a run back with the planned points that have no result. What a search left out is not among them: it expected
 * nothing of it. Where the sweep file can't be read as it was, they are not known and stay absent.
 */
export async function readRunWithMissingPoints(folder: string): Promise<Run> {
  const run = await readRun(folder)
  const { manifest, results, lines } = run
  const settled = new Set([
    ...results.map(({ point }) => point.id),
    ...leftOutIn(lines).flatMap(({ points }) => points.flatMap(({ pointIds }) => pointIds)),
  ])
  if (!isOfSweep(manifest) || settled.size >= manifest.plan.points) return run
  try {
    const sweep = await sweepAsItWas(manifest)
    const only = manifest.only === undefined ? null : new Set(manifest.only)
    const planned = sweep.deployments.flatMap(deployment => pointsOf(sweep, deployment))
    return {
      ...run,
      unmeasured: planned.filter(({ id }) => !settled.has(id) && (only === null || only.has(id))),
    }
  } catch (error) {
    if (error instanceof FulcrumError) return run
    throw error
  }
}
