import type { Deployment, Point } from '../model/index.ts'
import { pointId, pointSeed } from '../spec/identity.ts'
import type { Sweep } from '../spec/sweep.ts'

/**
 * The points of one deployment in the order to measure them: repeat by repeat, each with the workloads in file order
 * and rising load levels; every second repeat runs backwards.
 *
 * Repeats of a point are far apart, so that a drift of the system (heat, other jobs, memory filling up) widens their
 * interval instead of looking like an effect of the load. Forwards and then backwards gives all points the same mean
 * time, so that a steady drift cancels out of their means. Load levels rise first: a level that breaks the system then
 * affects the fewest points after it.
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
 * A generator with fresh prompts marks each point's prompts with the point's id, so that no prompt is in a prefix cache
 * from an earlier point. With one seed per repeat, lengths and arrivals are the same for every deployment. Other
 * generators make prompts from the seed alone, so each point needs its own.
 */
function seedOf(sweep: Sweep, id: string, seed: number, repeat: number): number {
  if (sweep.prompts === 'same') return seed
  return sweep.generator.capabilities.prompts === 'fresh' ? seed + repeat - 1 : pointSeed(id, seed)
}
