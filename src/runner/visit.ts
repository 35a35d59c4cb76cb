import { missingPoints } from '../journal/index.ts'
import { deploymentLabel, type Endpoint, type Point } from '../model/index.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import { bringUp } from './bring-up.ts'
import { budgetSpent } from './budget.ts'
import type { RunContext } from './context.ts'
import { failedResult, measurePoint } from './measure-point.ts'

/** How often in a row a deployment may break before its other points are given up. */
const breaksInARow = 3

/**
 * Brings a deployment up and measures what is wanted of its points. A deployment that can't be brought up, or doesn't
 * stay up, fails those points; one that machines which were lost leave no room for is deferred. The sweep goes on with
 * the next one.
 * @returns the reason when the budget was spent underway, else null
 */
export async function visitDeployment(run: RunContext, planned: PlannedDeployment): Promise<string | null> {
  const { deployment } = planned
  run.enter(planned)
  let up: Endpoint | null = null
  let breaks = 0
  let broke: string | null = null
  for (let point = next(run, planned); point !== undefined; point = next(run, planned)) {
    run.signal.throwIfAborted()
    const spent = budgetSpent(run)
    if (spent !== null) return spent
    if (breaks >= breaksInARow) {
      await giveUp(
        run,
        planned,
        'deployment-unstable',
        `The deployment broke ${breaks} times in a row; last reason: ${broke}`,
      )
      return null
    }
    if (up === null) {
      const why = broke === null ? `deploying ${deploymentLabel(deployment)}` : `repairing: ${broke}`
      const brought = await bringUp(run, deployment, why)
      if ('notRun' in brought) return null
      if ('failure' in brought) {
        await giveUp(run, planned, 'deployment-failed', `The deployment did not come up: ${brought.failure}`)
        return null
      }
      up = brought.endpoint
    }
    const { broken } = await measurePoint(run, point, up)
    breaks = broken.length === 0 ? 0 : breaks + 1
    if (broken.length > 0) {
      up = null
      broke = broken.join('; ')
    }
  }
  return null
}

function next(run: RunContext, planned: PlannedDeployment): Point | undefined {
  return run.choice.point(planned, run.parts.run.journal.lines)
}

async function giveUp(run: RunContext, { points }: PlannedDeployment, code: string, why: string): Promise<void> {
  for (const point of missingPoints(points, run.parts.run.journal.lines)) {
    const result = failedResult(point, code, why)
    await run.record({ type: 'point', result, elapsedS: 0 })
    run.tell({ step: 'measured', result, tookS: 0 })
  }
}
