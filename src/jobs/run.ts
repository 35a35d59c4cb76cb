import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { abilitiesOf } from '../deploy/abilities.ts'
import { createDeployer } from '../deploy/create.ts'
import { besideDeployment } from '../deploy/kubernetes/load-job/defaults.ts'
import { jobPlace } from '../deploy/kubernetes/load-job/place.ts'
import {
  createRun,
  listRuns,
  type Manifest,
  newestUnfinishedRun,
  type OpenRun,
  openRun,
  readManifest,
  readRun,
  sweepContentId,
  unfinishedRun,
} from '../journal/index.ts'
import { createGenerator, type GeneratorSettings } from '../load/create.ts'
import { judge } from '../metrics/validity.ts'
import { FulcrumError, type Point } from '../point/index.ts'
import { withBeliefs } from '../sweep/believed.ts'
import { loadSweep, sweepOf } from '../sweep/load-sweep.ts'
import { onlyPoints } from '../sweep/only.ts'
import { planSweep } from '../sweep/plan.ts'
import { missingPoints, type RunOutcome, type RunProgress, runSweep } from '../sweep/run.ts'
import type { Plan, Sweep } from '../sweep/sweep.ts'
import type { RunChoice } from './find-run.ts'
import type { SweepFileOptions } from './plan.ts'
import { readPriors } from './priors.ts'
import { reportRun, type WrittenReport } from './report.ts'

export interface RunWatch {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: RunProgress) => void
  /** Processes to split each point's load over, whatever the sweep file says; the same points all the same. */
  readonly shards?: number
}

/** How a run ended, and its report; null when nothing was measured that could be reported. */
export type ReportedOutcome = RunOutcome & { readonly report: WrittenReport | null; readonly resumed: boolean }

/**
 * `fulcrum run`: goes on with the unfinished run of this very sweep file, or begins one; ends with the report.
 * @throws FulcrumError (bad-input) before anything is started; (environment) when the run's folder can't be used
 */
export async function runSweepFile(
  request: RunWatch &
    SweepFileOptions & {
      readonly file: string
      readonly resultsRoot: string
      readonly startNew: boolean
      /** Ids of the points to measure, always in a run of their own; absent for all. */
      readonly only?: readonly string[]
      /** Folders of beliefs that an adaptive search begins with, see {@link readPriors}. */
      readonly priors?: readonly string[]
    },
): Promise<ReportedOutcome> {
  const sweep = await loadSweep(request.file, request)
  refuseShards(sweep, request.shards)
  const { only } = request
  const priors = await readPriors(request.priors ?? [], sweep.model.name)
  const planned = partOf(planSweep(sweep), only)
  const plan = priors.length === 0 ? planned : withBeliefs(planned, priors)
  const resultsRoot = resolve(request.resultsRoot)
  const unfinished = request.startNew || only !== undefined ? null : await unfinishedRun(resultsRoot, sweep)
  const run =
    unfinished === null
      ? await createRun(resultsRoot, {
          sweep,
          command: commandOf(sweep, request),
          ...(only === undefined ? {} : { only }),
          mix: sweep.mix,
          plan: summaryOf(plan),
        })
      : await openRun(unfinished.folder)
  return execute(plan, run, resultsRoot, unfinished !== null, request)
}

/** Which run to go on with, and which of its results not to rest on. */
export type ResumeChoice = RunChoice & {
  /** Points with these statuses are measured once more; without a folder, of the youngest run. */
  readonly again?: readonly Again[]
}

/** What can be measured once more. */
export const againStatuses = ['failed', 'invalid'] as const
export type Again = (typeof againStatuses)[number]

/**
 * `fulcrum resume`: goes on with a run from the sweep file kept in its manifest.
 * @throws FulcrumError (bad-input) when there is none to resume, or the sweep file has changed since
 */
export async function resumeRun(request: RunWatch & ResumeChoice): Promise<ReportedOutcome> {
  const { folder, plan } = await unfinishedPlan(request)
  refuseShards(plan.sweep, request.shards)
  const again = await pointsAgain(folder, request.again)
  return execute(plan, await openRun(folder), resolve(request.resultsRoot), true, { ...request, again })
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

async function unfinishedPlan(choice: ResumeChoice): Promise<{ folder: string; plan: Plan }> {
  const folder = choice.folder === undefined ? await newestToResume(choice) : resolve(choice.folder)
  const manifest = await readManifest(folder)
  return { folder, plan: partOf(planSweep(await sweepAsItWas(manifest)), manifest.only) }
}

/** The sweep file when it is unchanged, else the manifest's copy, which lacks secrets and so may not be usable. */
async function sweepAsItWas(manifest: Manifest): Promise<Sweep> {
  const { sweepFile: path, sweepId, sweepText } = manifest
  const onDisk = await readFile(path, 'utf8').catch(() => '')
  const text = [onDisk, sweepText].find(candidate => sweepContentId(candidate) === sweepId)
  if (text === undefined) {
    throw new FulcrumError(
      'bad-input',
      'sweep-file-changed',
      'The sweep file has changed since this run began, and held a secret that no copy was kept of.',
      {
        where: path,
        remedy: 'Bring the file back as it was, or begin a new run with `fulcrum run --new`.',
      },
    )
  }
  return sweepOf({ text, path, shown: path, options: { allowPoints: manifest.plan.points }, askDeployer: abilitiesOf })
}

async function newestToResume({ resultsRoot, again = [] }: ResumeChoice): Promise<string> {
  const root = resolve(resultsRoot)
  const newest = again.length === 0 ? await newestUnfinishedRun(root) : (await listRuns(root)).at(-1)
  if (newest) return newest.folder
  const wanted = again.length === 0 ? 'unfinished run' : 'run'
  throw new FulcrumError('bad-input', 'nothing-to-resume', `There is no ${wanted} under ${root}.`, {
    remedy: '`fulcrum run FILE` begins one.',
  })
}

async function execute(
  plan: Plan,
  run: OpenRun,
  resultsRoot: string,
  resumed: boolean,
  watch: RunWatch & { readonly again?: readonly string[] },
): Promise<ReportedOutcome> {
  await using _held = run
  const { sweep } = plan
  const deployer = await createDeployer(sweep.deploy, { model: sweep.model, runFolder: run.folder })
  const generator = createGenerator(sweep.generator, generatorSettings(sweep, watch.shards), {
    runFolder: run.folder,
    jobPlace: shards => jobPlace({ shards: besideDeployment(shards, sweep.deploy), runFolder: run.folder }),
  })
  const outcome = await runSweep(plan, {
    run,
    deployer,
    generator,
    judge,
    signal: watch.signal,
    again: watch.again ?? [],
    ...(watch.onProgress === undefined ? {} : { onProgress: watch.onProgress }),
  })
  const hasPoints = outcome.points.planned > outcome.points.missing + outcome.points.skipped
  const report = hasPoints ? await reportRun({ folder: run.folder, resultsRoot }) : null
  return { ...outcome, report, resumed }
}

const partOf = (plan: Plan, only: readonly string[] | undefined): Plan =>
  only === undefined ? plan : onlyPoints(plan, only)

function commandOf(sweep: Sweep, asked: { readonly shards?: number; readonly only?: readonly string[] }): string[] {
  const shards = asked.shards === undefined ? [] : ['--shards', String(asked.shards)]
  return ['fulcrum', 'run', sweep.file, ...shards, ...(asked.only ?? []).flatMap(id => ['--only', id])]
}

/** The sweep file's settings, with another number of shards where one is asked for. */
function generatorSettings({ generatorSettings: settings }: Sweep, shards: number | undefined): GeneratorSettings {
  if (shards === undefined) return settings
  const known = settings.shards ?? { hosts: [], launcher: 'ssh' as const, launcherArgs: [] }
  return { ...settings, shards: { ...known, count: shards } }
}

function refuseShards({ generator }: Sweep, shards: number | undefined): void {
  if (shards === undefined) return
  if (!Number.isInteger(shards) || shards < 1) {
    throw new FulcrumError('bad-input', 'bad-shards', '--shards takes a whole number from 1.')
  }
  if (generator === 'built-in') return
  throw new FulcrumError('bad-input', 'generator-cannot', `${generator} can't be split over processes.`, {
    remedy: 'Leave --shards out, or write generator: built-in.',
  })
}

function summaryOf(plan: Plan) {
  return {
    points: plan.pointCount,
    deployments: plan.deployments.length,
    workersStarted: plan.cost.workersStarted,
    lowerBound: plan.lowerBound,
    exact: plan.exact,
  }
}
