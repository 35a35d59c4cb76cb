import { counted, FulcrumError } from '../model/index.ts'
import type { Plan } from '../spec/sweep.ts'
import { nearMiss } from '../yaml/near-miss.ts'
import { planSweep } from './plan.ts'

/** Maximum number of ids to suggest for an unknown one. */
const mostNamed = 5

/**
 * Reduces a plan to the named points. It measures all of them, even if the sweep asks for an adaptive search. The name
 * of a variant stands for all its points. Deployments without a named point are skipped.
 * @throws FulcrumError (bad-input, `no-such-point`) for an id that is not in the plan
 */
export function onlyPoints(plan: Plan, named: readonly string[]): Plan {
  const ids = named.flatMap(name => pointsOfVariant(plan, name) ?? [name])
  const known = plan.deployments.flatMap(({ points }) => points.map(point => point.id))
  const isKnown = new Set(known)
  for (const id of ids) if (!isKnown.has(id)) throw unknownPoint(id, known)
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

/** Ids of the points of a variant; null if the sweep has no variant of this name. */
function pointsOfVariant({ sweep, deployments }: Plan, name: string): readonly string[] | null {
  if (!(sweep.variants ?? []).some(variant => variant.name === name)) return null
  return deployments.flatMap(({ deployment, points }) =>
    deployment.variant === name ? points.map(({ id }) => id) : [],
  )
}

function unknownPoint(id: string, known: readonly string[]): FulcrumError {
  const begins = known.filter(other => id.length >= 3 && other.startsWith(id))
  const near = begins.length > 0 ? begins.slice(0, mostNamed) : [nearMiss(id, known)].filter(other => other !== null)
  return new FulcrumError('bad-input', 'no-such-point', `Unknown point ${id}.`, {
    remedy:
      near.length > 0
        ? `Did you mean ${near.join(', ')}?`
        : `Use an ID of the ${counted(known.length, 'point')} that \`fulcrum plan FILE --json\` lists: ${known.slice(0, mostNamed).join(', ')}${known.length > mostNamed ? ', …' : ''}.`,
  })
}
