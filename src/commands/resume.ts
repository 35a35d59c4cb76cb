import { resolve } from 'node:path'
import { listRuns, missingPoints, newestUnfinishedRun, openRun, readManifest, readRun } from '../journal/index.ts'
import { FulcrumError, type Point } from '../model/index.ts'
import { planSweep } from '../plan/plan.ts'
import type { Plan } from '../spec/sweep.ts'
import type { Again } from './again.ts'
import { refuseChangedRun } from './changed-since-start.ts'
import { execute, generatorOver, partOf, type ReportedOutcome, type RunWatch } from './execute.ts'
import type { RunChoice } from './find-run.ts'
import { parseLimits, refuseSloWithout } from './limits.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'

/** Which run to go on with, and which of its results not to rest on. */
export type ResumeChoice = RunChoice & {
  /** Points with these statuses are measured once more; without a folder, of the youngest run. */
  readonly again?: readonly Again[]
  /** Goes on although revision or version are not those that the run began with. */
  readonly acceptRevision?: boolean
}

/**
 * `fulcrum resume`: goes on with a run from the sweep file kept in its manifest.
 * @throws FulcrumError (bad-input) when there is none to resume, or the sweep file, a file that it names or the
 *   revision has changed since
 */
export async function resumeRun(request: RunWatch & ResumeChoice): Promise<ReportedOutcome> {
  const limits = parseLimits(request)
  const { folder, plan, accepted } = await unfinishedPlan(request)
  refuseSloWithout(plan.sweep.slo, limits)
  generatorOver(plan.sweep, request.shards)
  const again = await pointsAgain(folder, request.again)
  const run = await openRun(folder)
  if (accepted.length === 0) return execute(plan, run, resolve(request.resultsRoot), true, { ...request, again })
  const message = `Resuming although these changed since the run started: ${accepted.join('; ')}`
  await run.journal.append({ type: 'note', message })
  request.onNote?.(message)
  const outcome = await execute(plan, run, resolve(request.resultsRoot), true, { ...request, again })
  return { ...outcome, notes: [message] }
}

async function pointsAgain(folder: string, statuses: readonly Again[] = []): Promise<readonly string[]> {
  if (statuses.length === 0) return []
  const { results } = await readRun(folder)
  return results.filter(({ status }) => statuses.some(again => again === status)).map(({ point }) => point.id)
}

/**
 * What `fulcrum resume` would still measure: the run's plan without the points that have a result.
 * @throws FulcrumError as {@link resumeRun} does
 */
export async function planToResume(choice: ResumeChoice): Promise<Plan> {
  const { folder, plan } = await unfinishedPlan(choice)
  const { lines } = await readRun(folder)
  const again = new Set(await pointsAgain(folder, choice.again))
  const toMeasure = (points: readonly Point[]) => {
    const missing = new Set(missingPoints(points, lines))
    return points.filter(point => missing.has(point) || again.has(point.id))
  }
  const deployments = plan.deployments
    .map(({ deployment, points }) => ({ deployment, points: toMeasure(points) }))
    .filter(({ points }) => points.length > 0)
  return { ...plan, deployments }
}

async function unfinishedPlan(
  choice: ResumeChoice,
): Promise<{ readonly folder: string; readonly plan: Plan; readonly accepted: readonly string[] }> {
  const folder = choice.folder === undefined ? await newestToResume(choice) : resolve(choice.folder)
  const manifest = await readManifest(folder)
  const whole = planSweep(await sweepAsItWas(manifest))
  const plan = partOf(whole, manifest.only)
  const { lines, ended } = await readRun(folder)
  const planned = plan.deployments.flatMap(({ points }) => points)
  const measuresMore =
    (await pointsAgain(folder, choice.again)).length > 0 ||
    (ended?.outcome !== 'complete' && missingPoints(planned, lines).length > 0)
  const accepted = await refuseChangedRun({ folder, manifest }, whole, choice.acceptRevision === true || !measuresMore)
  return { folder, plan, accepted: measuresMore ? accepted : [] }
}

async function newestToResume({ resultsRoot, again = [] }: ResumeChoice): Promise<string> {
  const root = resolve(resultsRoot)
  const newest = again.length === 0 ? await newestUnfinishedRun(root) : (await listRuns(root)).at(-1)
  if (newest) return newest.folder
  const wanted = again.length === 0 ? 'unfinished run' : 'run'
  throw new FulcrumError('bad-input', 'nothing-to-resume', `No ${wanted} in ${root}.`, {
    remedy: 'Start one with `fulcrum run FILE`.',
  })
}
