import { FulcrumError } from '../model/index.ts'
import type { Plan } from '../spec/sweep.ts'
import { nearMiss } from '../yaml/near-miss.ts'
import { planSweep } from './plan.ts'

/** Ids that an answer to an unknown one names. */
const mostNamed = 5

/**
 * The part of a plan that measures these points and no others, all of them also where the sweep asks for a search: whoever names a point
 * wants it measured. Deployments without one are not visited.
 * @throws FulcrumError (bad-input, `no-such-point`) for an id that the plan hasn't got
 */
export function onlyPoints(plan: Plan, ids: readonly string[]): Plan {
  const known = plan.deployments.flatMap(({ points }) => points.map(point => point.id))
  for (const id of ids) if (!known.includes(id)) throw unknownPoint(id, known)
  const wanted = new Set(ids)
  const visited = plan.deployments.filter(({ points }) => points.some(point => wanted.has(point.id)))
  const part = planSweep({ ...plan.sweep, deployments: visited.map(({ deployment }) => deployment) })
  return {
    ...part,
    sweep: { ...plan.sweep, search: 'grid' },
    deployments: part.deployments.map(planned => ({
      ...planned,
      points: planned.points.filter(point => wanted.has(point.id)),
    })),
    pointCount: wanted.size,
    estimate: null,
  }
}

function unknownPoint(id: string, known: readonly string[]): FulcrumError {
  const begins = known.filter(other => id.length >= 3 && other.startsWith(id))
  const near = begins.length > 0 ? begins.slice(0, mostNamed) : [nearMiss(id, known)].filter(other => other !== null)
  return new FulcrumError('bad-input', 'no-such-point', `The plan has no point ${id}.`, {
    remedy:
      near.length > 0
        ? `Perhaps meant: ${near.join(', ')}.`
        : `Its ${known.length} points are in points.csv of a run and in \`fulcrum plan FILE --json\`: ${known.slice(0, mostNamed).join(', ')}${known.length > mostNamed ? ', …' : ''}.`,
  })
}
