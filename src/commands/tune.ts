import { stat } from 'node:fs/promises'
import { type Analysis, analyse } from '../analysis/analyse.ts'
import { loadLabel } from '../analysis/load-label.ts'
import { priorOrder } from '../analysis/priors/prior-order.ts'
import { recommendForMix } from '../analysis/tune/mix.ts'
import { tune } from '../analysis/tune/tune.ts'
import { FulcrumError, topologyLabel } from '../model/index.ts'
import { type Believed, mixView, type TuneView, workloadView } from '../render/views/tune.ts'
import { loadSweep } from '../spec/load-sweep.ts'
import { nearMiss } from '../yaml/near-miss.ts'
import type { ReportedOutcome, RunWatch } from './execute.ts'
import { runFolder } from './find-run.ts'
import { parseLimits, reportedLimits } from './limits.ts'
import { parseMix } from './mix.ts'
import { type Plan, planSweepFile } from './plan.ts'
import { readPriors } from './priors.ts'
import { runSweepFile } from './run.ts'
import { readRunWithMissingPoints } from './run-with-missing-points.ts'

export type * from '../render/views/tune.ts'

/** Result of `fulcrum tune`. */
export interface TuneResult extends TuneView {
  /** The run made for this answer; null if a run's folder was given. */
  readonly outcome: ReportedOutcome | null
}

/**
 * `fulcrum tune`: recommends deployments from a run's folder, or from a sweep file, which it runs first. Continues an
 * unfinished run of the file.
 * @throws FulcrumError (bad-input) for a file or folder that is neither; (environment) if it cannot be run
 */
export async function tuneFileOrRun(
  request: RunWatch & {
    readonly target: string
    readonly resultsRoot: string
    /** `8000/256=0.7,1000/1000=0.3`. Overrides the sweep file's weights. */
    readonly mix?: string
    /** Folders of priors for an adaptive search: output of aiconfigurator, a run, or a folder of runs. */
    readonly priors?: readonly string[]
  },
): Promise<TuneResult> {
  const { target, mix: mixText, ...watch } = request
  const limits = parseLimits(request)
  const weights = mixText === undefined ? null : parseMix(mixText)
  const named = await runFolder(target, request.resultsRoot)
  const isFolder = await stat(named).then(
    found => found.isDirectory(),
    () => false,
  )
  // Fails before the sweep runs rather than after it.
  if (!isFolder && weights !== null) await requireWorkloads(weights, target)
  const outcome = isFolder ? null : await runSweepFile({ ...watch, file: target, startNew: false })
  const folder = outcome?.folder ?? named
  const run = await readRunWithMissingPoints(folder)
  const analysis = analyse(run)
  const names = analysis.workloads.map(({ name }) => name)
  const mix = weights === null ? analysis.mix : recommendForMix(analysis.workloads, sharesOf(weights, names))
  return {
    folder,
    mix: mix && mixView(mix),
    workloads: tune(analysis).map(workloadView),
    believed: await believedOf(analysis, request.priors ?? []),
    limits: outcome?.limits ?? reportedLimits(run, limits, request.allowLost),
    outcome,
  }
}

/**
 * Refuses a mix of workloads that the sweep file does not have.
 * @throws FulcrumError (bad-input)
 */
async function requireWorkloads(weights: ReadonlyMap<string, number>, file: string): Promise<void> {
  const { workloads } = await loadSweep(file)
  sharesOf(
    weights,
    workloads.map(({ name }) => name),
  )
}

/**
 * The plan of the sweep file that `fulcrum tune` would run. Starts nothing.
 * @throws FulcrumError (bad-input) for an invalid sweep file or mix
 */
export async function planToTune(file: string, resultsRoot: string, mix?: string): Promise<Plan> {
  const plan = await planSweepFile(file, { resultsRoot })
  if (mix !== undefined) {
    sharesOf(
      parseMix(mix),
      plan.sweep.workloads.map(({ name }) => name),
    )
  }
  return plan
}

async function believedOf(analysis: Analysis, folders: readonly string[]): Promise<readonly Believed[]> {
  const priors = await readPriors(folders, analysis.points[0]?.deployment.model.name ?? '')
  if (priors.length === 0) return []
  return analysis.workloads.flatMap(({ name, points }) => {
    const measured = points.flatMap(({ repeats }) => repeats.slice(0, 1).map(({ point }) => point))
    const [top] = priorOrder(measured, priors)
    if (top === undefined || top.prior === null) return []
    const { deployment, load } = top.point
    return [
      {
        workload: name,
        deployment: topologyLabel(deployment.topology),
        load: loadLabel(load.level),
        source: top.prior.source,
        tokensPerSPerGpu: top.prior.tokensPerSPerGpu,
      },
    ]
  })
}

function sharesOf(weights: ReadonlyMap<string, number>, names: readonly string[]): { [workload: string]: number } {
  const strange = [...weights.keys()].find(name => !names.includes(name))
  if (strange !== undefined) {
    const near = nearMiss(strange, names)
    throw new FulcrumError('bad-input', 'bad-mix', `Unknown workload in --mix: ${JSON.stringify(strange)}.`, {
      remedy: near === null ? `The workloads are ${names.join(', ')}.` : `Did you mean ${near}?`,
    })
  }
  const all = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  return Object.fromEntries([...weights].map(([name, weight]) => [name, weight / all]))
}
