import { countPoints, fulcrumVersion, latestResults } from '../journal/index.ts'
import { deploymentLabel, FulcrumError } from '../model/index.ts'
import type { Plan } from '../spec/sweep.ts'
import { messageOf } from './bring-up.ts'
import { budgetSpent } from './budget.ts'
import { type RunContext, runContext } from './context.ts'
import { deferredIn } from './deferred.ts'
import type { RunDependencies } from './dependencies.ts'
import { exitCodeOf, type RunEnd, type RunOutcome } from './outcome.ts'
import { deploymentWithoutQuality } from './quality.ts'
import { stopEverything } from './stop.ts'
import { visitDeployment } from './visit.ts'

export { countPoints, type PointCounts } from '../journal/index.ts'
export type { RunDependencies } from './dependencies.ts'
export { exitCodeOf, type RunEnd, type RunOutcome } from './outcome.ts'
export type { RunProgress, RunStep, Standing } from './progress.ts'

/**
 * Measures the points that a run's journal lacks, deployment by deployment. Writes one journal line per point, so that
 * a kill loses only the point in flight. Stops everything that it started, whatever the outcome. Returns failures of
 * the run as its outcome instead of throwing them.
 */
export async function runSweep(plan: Plan, dependencies: RunDependencies): Promise<RunOutcome> {
  const run = runContext(plan, dependencies)
  const measuredUntil = await measureMissing(run)
  run.tell({ step: 'stopping', reason: measuredUntil.reason })
  await stopEverything(run)
  const end = await recordEnd(run, measuredUntil)
  const planned = plan.deployments.flatMap(({ points }) => points)
  const leftOut = end.outcome === 'complete' ? run.choice.skipped(dependencies.run.journal.lines) : []
  const skipped = leftOut.reduce(
    (sum, { points }) => sum + points.reduce((n, { pointIds }) => n + pointIds.length, 0),
    0,
  )
  const points = countPoints(planned, latestResults(dependencies.run.journal.lines), skipped)
  return {
    ...end,
    folder: dependencies.run.folder,
    points,
    measured: run.measured(),
    elapsedS: run.elapsedS(),
    exitCode: exitCodeOf(end, points),
  }
}

async function measureMissing(run: RunContext): Promise<RunEnd> {
  const { attempt, journal } = run.dependencies.run
  const { again = [] } = run.dependencies
  try {
    const begun = { type: 'run-started', fulcrumVersion: await fulcrumVersion(), pid: process.pid, attempt } as const
    await run.record(again.length === 0 ? begun : { ...begun, again })
    for (;;) {
      const planned = deploymentWithoutQuality(run, deferredIn(journal.lines)) ?? run.choice.deployment(journal.lines)
      if (planned === null) break
      run.signal.throwIfAborted()
      await run.dependencies.generator.prepare?.()
      const spent = budgetSpent(run) ?? (await visitDeployment(run, planned))
      if (spent !== null) return { outcome: 'budget', reason: spent }
    }
    const lost = lostMachines(run)
    if (lost !== null) return failedBy(lost)
    for (const { planned, points } of run.choice.skipped(journal.lines))
      await run.record({ type: 'left-out', deployment: planned.deployment, points })
    return { outcome: 'complete', reason: '' }
  } catch (error) {
    if (run.signal.aborted) return { outcome: 'interrupted', reason: messageOf(run.signal.reason) }
    return failedBy(error)
  }
}

/** The error if deployments are still deferred when all others are measured; null if none are. */
function lostMachines({ plan, dependencies }: RunContext): FulcrumError | null {
  const deferred = deferredIn(dependencies.run.journal.lines)
  const left = plan.deployments.filter(({ deployment }) => deferred.has(deployment.id))
  if (left.length === 0) return null
  const labels = [...new Set(left.map(({ deployment }) => deploymentLabel(deployment)))]
  const reasons = [...new Set(left.map(({ deployment }) => deferred.get(deployment.id)))]
  const message = `${count(left.length, 'deployment')} could not run because machines were lost: ${labels.join(', ')}. ${reasons[0]}`
  return new FulcrumError('environment', 'machines-lost', message, {
    remedy: 'Bring the machines back, then run `fulcrum resume` to measure the missing points.',
  })
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

function failedBy(error: unknown): RunEnd {
  const known =
    error instanceof FulcrumError
      ? error
      : new FulcrumError('environment', 'unexpected', `An unexpected error ended the run: ${messageOf(error)}`, {
          cause: error,
          remedy: 'Please report it, with the journal. The run can be resumed.',
        })
  return { outcome: 'failed', reason: messageOf(known), error: known }
}

/** A journal that cannot be written ends the run as failed. The next attempt still knows where to resume. */
async function recordEnd(run: RunContext, end: RunEnd): Promise<RunEnd> {
  try {
    await run.record({ type: 'run-ended', outcome: end.outcome, reason: end.reason })
    return end
  } catch (error) {
    return end.outcome === 'failed' || end.outcome === 'interrupted' ? end : failedBy(error)
  }
}
