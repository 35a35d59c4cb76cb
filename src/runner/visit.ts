import type { PointResult } from '../journal/index.ts'
import { missingPoints } from '../journal/index.ts'
import { deploymentLabel, type Endpoint, type Point } from '../model/index.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import { bringUp } from './bring-up.ts'
import { budgetSpent } from './budget.ts'
import type { RunContext } from './context.ts'
import { failedResult, measurePoint } from './measure-point.ts'
import { checkPointQuality, qualityDue, recordUnchecked } from './quality.ts'

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
  for (;;) {
    run.signal.throwIfAborted()
    const wanted = next(run, planned)
    // With nothing left to measure, no budget ends the run.
    const spent = wanted === undefined ? null : budgetSpent(run)
    const point = spent === null ? wanted : undefined
    // What was measured is checked, too: a budget bounds what else is measured.
    const unchecked = qualityDue(run, planned, run.dependencies.run.journal.lines, point === undefined)
    if (unchecked === undefined && (spent !== null || point === undefined)) return spent
    if (breaks >= breaksInARow) {
      const why = `The deployment broke ${breaks} times in a row; last reason: ${broke}`
      if (unchecked !== undefined) await leaveUnchecked(run, planned, unchecked, why)
      await giveUp(run, planned, 'deployment-unstable', why)
      return null
    }
    if (up === null) {
      const why = broke === null ? `deploying ${deploymentLabel(deployment)}` : `repairing: ${broke}`
      const brought = await bringUp(run, deployment, why)
      if ('notRun' in brought) return null
      if ('failure' in brought) {
        if (unchecked !== undefined) await leaveUnchecked(run, planned, unchecked, brought.failure)
        await giveUp(run, planned, 'deployment-failed', `The deployment did not come up: ${brought.failure}`)
        return null
      }
      up = brought.endpoint
    }
    if (unchecked !== undefined) {
      await checkPointQuality(run, unchecked, up)
      continue
    }
    if (point === undefined) return spent
    const { broken } = await measurePoint(run, point, up)
    breaks = broken.length === 0 ? 0 : breaks + 1
    if (broken.length > 0) {
      up = null
      broke = broken.join('; ')
    }
  }
}

/** Every check that is due fails for the same reason: the deployment doesn't run. */
async function leaveUnchecked(
  run: RunContext,
  planned: PlannedDeployment,
  first: PointResult,
  why: string,
): Promise<void> {
  const due = () => qualityDue(run, planned, run.dependencies.run.journal.lines, true)
  for (let one: PointResult | undefined = first; one !== undefined; one = due()) await recordUnchecked(run, one, why)
}

function next(run: RunContext, planned: PlannedDeployment): Point | undefined {
  return run.choice.point(planned, run.dependencies.run.journal.lines)
}

async function giveUp(run: RunContext, { points }: PlannedDeployment, code: string, why: string): Promise<void> {
  for (const point of missingPoints(points, run.dependencies.run.journal.lines)) {
    const result = failedResult(point, code, why)
    await run.record({ type: 'point', result, elapsedS: 0 })
    run.tell({ step: 'measured', result, tookS: 0 })
  }
}
