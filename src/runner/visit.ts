import type { PointResult } from '../journal/index.ts'
import { missingPoints } from '../journal/index.ts'
import { deploymentLabel, type Endpoint, type Point } from '../model/index.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import { bringUp } from './bring-up.ts'
import { budgetSpent } from './budget.ts'
import type { RunContext } from './context.ts'
import { failedResult, measurePoint } from './measure-point.ts'
import { checkPointQuality, qualityDue, recordUnchecked } from './quality.ts'

/** Number of consecutive breaks after which a deployment's other points fail. */
const breaksInARow = 3

/**
 * Brings a deployment up and measures its wanted points. If the deployment does not come up or stay up, these points
 * fail; if lost machines leave no room for it, it is deferred. Either way the sweep continues with the next deployment.
 * @returns the reason if the budget was spent, otherwise null
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
    // Measured points are still checked: a budget only limits further measurements.
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

/** Records all due checks as failed, because the deployment does not run. */
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
