import { createDeployer } from '../deployers/create.ts'
import { besideDeployment } from '../deployers/kubernetes/load-job/defaults.ts'
import { jobLauncher } from '../deployers/kubernetes/load-job/launcher.ts'
import type { ConfiguredGenerator } from '../generators/define-generator.ts'
import { generators } from '../generators/index.ts'
import { type OpenRun, readRun } from '../journal/index.ts'
import { judge } from '../metrics/validity.ts'
import { defined, FulcrumError } from '../model/index.ts'
import { onlyPoints } from '../plan/only.ts'
import { type RunOutcome, type RunProgress, runSweep } from '../runner/run.ts'
import type { Plan, Sweep } from '../spec/sweep.ts'
import type { RunChoice } from './find-run.ts'
import { type AskedLimits, exitCodeWith, parseLimits, type ReportedLimit, reportedLimits } from './limits.ts'
import { probeSettings } from './probe-settings.ts'
import { reportRun, type WrittenReport } from './report.ts'

export type { RunProgress }

/** How to run: gates, shards, the signal that interrupts, and callbacks. */
export interface RunWatch extends AskedLimits {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: RunProgress) => void
  /** Called once, when the run's folder exists and before anything is deployed. */
  readonly onStart?: (run: { readonly folder: string; readonly resumed: boolean; readonly plan: Plan }) => void
  /** Called before anything starts with warnings of the sweep file and the reason why a new run starts. */
  readonly onNote?: (note: string) => void
  /** Number of processes to split each point's load over, instead of the sweep file's. The points stay the same. */
  readonly shards?: number
}

/** How a run ended, and its report; null if there was nothing to report. */
export type ReportedOutcome = RunOutcome & {
  readonly report: WrittenReport | null
  readonly resumed: boolean
  /** The run was complete before, so this attempt measured nothing. */
  readonly wasComplete?: true
  /** Outcomes of the requested gates and of the sweep's SLO. Only requested gates affect the exit code. */
  readonly limits: readonly ReportedLimit[]
  /** The notes on how this run started or resumed; see {@link RunWatch.onNote}. */
  readonly notes?: readonly string[]
}

/** Measures the missing points of an open run, ends the run, and writes its report. */
export async function execute(
  plan: Plan,
  run: OpenRun,
  resultsRoot: string,
  resumed: boolean,
  watch: RunWatch & { readonly again?: readonly string[] },
): Promise<ReportedOutcome> {
  await using _held = run
  const { sweep } = plan
  watch.onStart?.({ folder: run.folder, resumed, plan })
  const deployer = await createDeployer(sweep.deploy, {
    model: sweep.model,
    variants: sweep.variants,
    runFolder: run.folder,
    ...probeSettings(sweep.loads),
    wordPrompts: hasWordPrompts(sweep),
  })
  const generator = generatorOver(sweep, watch.shards).create({
    runFolder: run.folder,
    jobLauncher: shards =>
      jobLauncher({ shards: besideDeployment(shards, sweep.deploy.cluster()), runFolder: run.folder }),
  })
  const outcome = await runSweep(plan, {
    run,
    deployer,
    gpuHosts: deployer.gpuHosts,
    generator,
    judge,
    signal: watch.signal,
    again: watch.again ?? [],
    ...defined({ onProgress: watch.onProgress }),
  })
  const limits = reportedLimits(await readRun(run.folder), parseLimits(watch), watch.allowLost)
  const hasPoints = outcome.points.planned > outcome.points.missing + outcome.points.skipped
  const report = hasPoints ? await reportUnlessBroken(outcome, { folder: run.folder, resultsRoot }) : null
  return { ...outcome, exitCode: exitCodeWith(limits, outcome.exitCode), report, resumed, limits }
}

/** Whether all prompts consist of words of one token each. Prompts of datasets and of other programs do not. */
const hasWordPrompts = ({ generator, workloads }: Sweep): boolean =>
  generator.capabilities.prompts === 'fresh' && workloads.every(({ datasetFile }) => datasetFile === undefined)

/**
 * The error that ended the run, such as a full disk, matters more than the report that could not be written after it.
 */
async function reportUnlessBroken({ error }: RunOutcome, choice: RunChoice): Promise<WrittenReport | null> {
  try {
    return await reportRun(choice)
  } catch (cause) {
    if (error === undefined) throw cause
    return null
  }
}

/** The part of a plan that a run measures; all of it without `only`. */
export const partOf = (plan: Plan, only: readonly string[] | undefined): Plan =>
  only === undefined ? plan : onlyPoints(plan, only)

/**
 * The sweep's generator, with its load split over another number of processes if requested.
 * @throws FulcrumError (bad-input) if the load cannot be split this way
 */
export function generatorOver({ generator }: Sweep, shards: number | undefined): ConfiguredGenerator {
  if (shards === undefined) return generator
  if (!Number.isInteger(shards) || shards < 1) {
    throw new FulcrumError('bad-input', 'bad-shards', 'Invalid --shards: use a whole number of at least 1.')
  }
  const split = generator.split(shards)
  if (split !== null) return split
  const able = generators.filter(one => one.canSplit).map(({ name }) => name)
  throw new FulcrumError(
    'bad-input',
    'generator-cannot',
    `The generator ${generator.name} cannot split its load over processes.`,
    {
      remedy: `Remove --shards, or set generator: ${able.join(' or ')}.`,
    },
  )
}
