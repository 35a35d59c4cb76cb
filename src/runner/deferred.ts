import { followed, type JournalLine } from '../journal/index.ts'
import type { Choice } from '../search/choice.ts'
import { choiceOf } from '../search/strategies.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'

/**
 * Why deployments were not run in the attempt at hand, by their id: machines were lost. The next attempt tries them
 * again.
 */
export const setAside: (lines: readonly JournalLine[]) => ReadonlyMap<string, string> = followed<Map<string, string>>(
  () => new Map(),
  (aside, { event }) => {
    if (event.type === 'run-started') aside.clear()
    if (event.type === 'deployment' && event.outcome === 'not-run') aside.set(event.deploymentId, event.reason)
  },
)

/** The choice that the sweep file asks for, among the deployments that have not been deferred. */
export function choiceAmongTheRest(plan: Plan): Choice {
  const all = choiceOf(plan)
  let latest = { aside: 0, choice: all }
  const among = (lines: readonly JournalLine[]): Choice => {
    const aside = setAside(lines)
    if (aside.size === 0) return all
    if (aside.size !== latest.aside) {
      const isLeft = ({ deployment }: PlannedDeployment) => !aside.has(deployment.id)
      latest = { aside: aside.size, choice: choiceOf({ ...plan, deployments: plan.deployments.filter(isLeft) }) }
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
