import { followed, type JournalLine } from '../journal/index.ts'
import type { Choice } from '../search/choice.ts'
import { choiceOf } from '../search/strategies.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'

/**
 * Deployments that this attempt could not run because machines were lost: the reasons by deployment id. The next
 * attempt tries them again.
 */
export const deferredIn: (lines: readonly JournalLine[]) => ReadonlyMap<string, string> = followed<Map<string, string>>(
  () => new Map(),
  (deferred, { event }) => {
    if (event.type === 'run-started') deferred.clear()
    if (event.type === 'deployment' && event.outcome === 'not-run') deferred.set(event.deploymentId, event.reason)
  },
)

/** The choice that the sweep file asks for, among the deployments that are not deferred. */
export function choiceAmongTheRest(plan: Plan): Choice {
  const all = choiceOf(plan)
  let latest = { deferred: 0, choice: all }
  const among = (lines: readonly JournalLine[]): Choice => {
    const deferred = deferredIn(lines)
    if (deferred.size === 0) return all
    if (deferred.size !== latest.deferred) {
      const isLeft = ({ deployment }: PlannedDeployment) => !deferred.has(deployment.id)
      latest = { deferred: deferred.size, choice: choiceOf({ ...plan, deployments: plan.deployments.filter(isLeft) }) }
    }
    return latest.choice
  }
  return {
    isUpperBound: all.isUpperBound,
    deployment: lines => among(lines).deployment(lines),
    point: (planned, lines) => among(lines).point(planned, lines),
    skipped: lines => among(lines).skipped(lines),
  }
}
