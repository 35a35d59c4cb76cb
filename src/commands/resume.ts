import { resolve } from 'node:path'
import {
  countPoints,
  missingPoints,
  newestUnfinishedRun,
  openRun,
  type Run,
  runsMadeIn,
  type ScannedRun,
  scanRun,
} from '../journal/index.ts'
import { FulcrumError, type Point } from '../model/index.ts'
import { planSweep } from '../plan/plan.ts'
import { exitCodeOf } from '../runner/outcome.ts'
import type { Plan } from '../spec/sweep.ts'
import type { Again } from './again.ts'
import { refuseChangedRun } from './changed-since-start.ts'
import { execute, generatorOver, partOf, type ReportedOutcome, type RunWatch } from './execute.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { exitCodeWith, parseLimits, refuseSloWithout, reportedLimits } from './limits.ts'
import { reportRun } from './report.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'

/** The run to resume, and the results to measure again. */
export type ResumeChoice = RunChoice & {
  /** Measures points with these statuses again, by default in the newest run. */
  readonly again?: readonly Again[]
  /** Resumes although the revision or the version has changed since the run started. */
  readonly acceptRevision?: boolean
}

/**
 * `fulcrum resume`: continues a run with the sweep file in its manifest.
 * @throws FulcrumError (bad-input) if there is no run to resume, or the sweep file, a file that it names or the
 *   revision has changed since
 */
export async function resumeRun(request: RunWatch & ResumeChoice): Promise<ReportedOutcome> {
  const limits = parseLimits(request)
  const { run: earlier, plan, accepted, isDone } = await unfinishedPlan(request)
  refuseSloWithout(plan.sweep.slo, limits)
  generatorOver(plan.sweep, request.shards)
  if (isDone) return asItStands(earlier, plan, request)
  const again = pointsAgain(earlier, request.again)
  const run = await openRun(earlier.folder, { earlier: earlier.scan })
  if (accepted.length === 0) return execute(plan, run, resolve(request.resultsRoot), true, { ...request, again })
  const message = `Resuming although these changed since the run started: ${accepted.join('; ')}`
  await run.journal.append({ type: 'note', message })
  request.onNote?.(message)
  const outcome = await execute(plan, run, resolve(request.resultsRoot), true, { ...request, again })
  return { ...outcome, notes: [message] }
}

/** The outcome of a run without missing points. Does not change its journal. */
async function asItStands(run: Run, plan: Plan, request: RunWatch & ResumeChoice): Promise<ReportedOutcome> {
  const { folder } = run
  const planned = plan.deployments.flatMap(({ points }) => points)
  const counts = countPoints(planned, run.results)
  // Points without a result in a complete run were skipped by its search.
  const points = { ...counts, missing: 0, skipped: counts.missing }
  const end = { outcome: 'complete', reason: '' } as const
  const limits = reportedLimits(run, parseLimits(request), request.allowLost)
  const report = await reportRun({ folder, resultsRoot: request.resultsRoot })
  const exitCode = exitCodeWith(limits, exitCodeOf(end, points))
  return {
    ...end,
    folder,
    points,
    measured: 0,
    elapsedS: 0,
    exitCode,
    report,
    resumed: true,
    wasComplete: true,
    limits,
  }
}

function pointsAgain({ results }: Run, statuses: readonly Again[] = []): readonly string[] {
  return results.filter(({ status }) => statuses.some(again => again === status)).map(({ point }) => point.id)
}

/**
 * The points that `fulcrum resume` would still measure, as a plan.
 * @throws FulcrumError like {@link resumeRun}
 */
export async function planToResume(choice: ResumeChoice): Promise<Plan> {
  const { run, plan } = await unfinishedPlan(choice)
  const again = new Set(pointsAgain(run, choice.again))
  const toMeasure = (points: readonly Point[]) => {
    const missing = new Set(missingPoints(points, run.lines))
    return points.filter(point => missing.has(point) || again.has(point.id))
  }
  const deployments = plan.deployments
    .map(({ deployment, points }) => ({ deployment, points: toMeasure(points) }))
    .filter(({ points }) => points.length > 0)
  return { ...plan, deployments }
}

async function unfinishedPlan(choice: ResumeChoice): Promise<{
  readonly run: ScannedRun
  readonly plan: Plan
  readonly accepted: readonly string[]
  /** True if the run is complete and no point is to be measured again. */
  readonly isDone: boolean
}> {
  const run = choice.folder === undefined ? await newestToResume(choice) : await scanRun(await findRun(choice))
  const { manifest, lines, ended } = run
  const whole = planSweep(await sweepAsItWas(manifest))
  const plan = partOf(whole, manifest.only)
  const planned = plan.deployments.flatMap(({ points }) => points)
  const isComplete = ended?.outcome === 'complete'
  const hasAgain = pointsAgain(run, choice.again).length > 0
  const measuresMore = hasAgain || (!isComplete && missingPoints(planned, lines).length > 0)
  const accepted = await refuseChangedRun(run, whole, choice.acceptRevision === true || !measuresMore)
  return { run, plan, accepted: measuresMore ? accepted : [], isDone: isComplete && !hasAgain }
}

async function newestToResume({ resultsRoot, again = [] }: ResumeChoice): Promise<ScannedRun> {
  const root = resolve(resultsRoot)
  const newest = again.length === 0 ? await newestUnfinishedRun(root) : await newestRun(root)
  if (newest) return newest
  const wanted = again.length === 0 ? 'unfinished run' : 'run'
  throw new FulcrumError('bad-input', 'nothing-to-resume', `No ${wanted} in ${root}.`, {
    remedy: 'Start one with `fulcrum run FILE`.',
  })
}

async function newestRun(root: string): Promise<ScannedRun | null> {
  const newest = (await runsMadeIn(root)).at(-1)
  return newest === undefined ? null : scanRun(newest.folder)
}
