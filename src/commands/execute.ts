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
  /** Told once, when the run's folder is there and before anything is deployed. */
  readonly onStart?: (run: { readonly folder: string; readonly resumed: boolean; readonly plan: Plan }) => void
  /** Told what a person should know before anything starts: warnings of the sweep file, why a new run begins. */
  readonly onNote?: (note: string) => void
  /** Processes to split each point's load over, whatever the sweep file says; the same points all the same. */
  readonly shards?: number
}

/** How a run ended, and its report; null when nothing was measured that could be reported. */
export type ReportedOutcome = RunOutcome & {
  readonly report: WrittenReport | null
  readonly resumed: boolean
  /** What came of the limits that were asked for, and of the sweep's SLO; what was asked for is in the exit code. */
  readonly limits: readonly ReportedLimit[]
  /** What was told of how this run began or went on; see {@link RunWatch.onNote}. */
  readonly notes?: readonly string[]
}

/** Measures what an opened run lacks, ends the run, and writes its report. */
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

/** Whether all prompts are made of words that are one token each; those of datasets and of other programs are not. */
const hasWordPrompts = ({ generator, workloads }: Sweep): boolean =>
  generator.capabilities.prompts === 'fresh' && workloads.every(({ datasetFile }) => datasetFile === undefined)

/** What ended a run, a full disk above all, is the better answer than that its report could not be written either. */
async function reportUnlessBroken({ error }: RunOutcome, choice: RunChoice): Promise<WrittenReport | null> {
  try {
    return await reportRun(choice)
  } catch (cause) {
    if (error === undefined) throw cause
    return null
  }
}

/** The part of a plan that a run measures; all of it when nothing is named. */
export const partOf = (plan: Plan, only: readonly string[] | undefined): Plan =>
  only === undefined ? plan : onlyPoints(plan, only)

/**
 * The sweep's generator, with its load split over another number of processes where one is asked for.
 * @throws FulcrumError (bad-input) when the load can't be split as asked
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
