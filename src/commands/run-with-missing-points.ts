import { isOfSweep, leftOutIn, type Run, readRun } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { pointsOf } from '../plan/points.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'

/**
 * Reads a run together with its planned points that have no result, except those that its search skipped. These points
 * are absent if the sweep file can no longer be read as it was.
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
