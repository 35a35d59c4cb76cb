import type { Deployment, Point } from '../model/index.ts'
import { pointId, pointSeed } from '../spec/identity.ts'
import type { Sweep } from '../spec/sweep.ts'

/**
 * The points of one deployment, in the order to measure them: repeat by repeat, in each the workloads as written and the load
 * levels rising; every second repeat runs backwards.
 *
 * Repeats of a point lie far apart, so that a drift of the system (heat, a neighbour, memory filling) widens their interval instead of
 * passing for an effect of load; and forwards then backwards gives all points the same mean time, so that a steady drift
 * cancels out of their means. Rising load first: a level that breaks the system then breaks the fewest points after it.
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
        generator: sweep.generator,
        slo: sweep.slo,
        limits: sweep.limits,
        repeat,
      })
    }
  }
  return points
}

/**
 * The built-in generator marks each point's prompts by the point's id, so that none is in a prefix cache from an earlier point; with one
 * seed a repeat, lengths and arrivals are the same for every deployment and differences between deployments are theirs. Other
 * generators make prompts from the seed alone and need one of each point's own for that.
 */
function seedOf(sweep: Sweep, id: string, seed: number, repeat: number): number {
  if (sweep.prompts === 'same') return seed
  return sweep.generator === 'built-in' ? seed + repeat - 1 : pointSeed(id, seed)
}
