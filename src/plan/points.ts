import type { Deployment, Point } from '../model/index.ts'
import { pointId, pointSeed } from '../spec/identity.ts'
import type { Sweep } from '../spec/sweep.ts'

/**
 * Points of one deployment in the order of measurement: repeat by repeat, each with workloads in file order and
 * ascending load levels. Every second repeat runs backwards.
 *
 * Repeats of a point are far apart in time. A drift of the system (heat, other jobs, memory filling up) then widens
 * their interval instead of looking like an effect of the load. Alternating directions gives all points the same mean
 * time, which cancels a steady drift out of their means. The first repeat ascends, because a load level that breaks the
 * system then affects the fewest later points.
 */
export function pointsOf(sweep: Sweep, deployment: Deployment): readonly Point[] {
  const cells = sweep.workloads.flatMap(workload => sweep.loads.map(load => ({ workload, load })))
  const points: Point[] = []
  for (let repeat = 1; repeat <= sweep.repeats; repeat++) {
    for (const { workload, load } of repeat % 2 === 1 ? cells : cells.toReversed()) {
      const id = pointId(sweep, deployment, workload, load, repeat)
      const seed = seedOf(sweep, id, load.seed, repeat)
      points.push({
        id,
        deployment,
        workload,
        load: { ...load, seed },
        generator: sweep.generator.name,
        slo: sweep.slo,
        limits: sweep.limits,
        repeat,
      })
    }
  }
  return points
}

/**
 * A generator that supports fresh prompts adds the point's id to them, so no prefix cache has them from an earlier
 * point. It uses one seed per repeat, which gives all deployments the same lengths and arrivals. Other generators
 * derive prompts from the seed alone, so each point needs its own seed.
 */
function seedOf(sweep: Sweep, id: string, seed: number, repeat: number): number {
  if (sweep.prompts === 'same') return seed
  return sweep.generator.capabilities.prompts === 'fresh' ? seed + repeat - 1 : pointSeed(id, seed)
}
