import { resolve } from 'node:path'
import { createRun, openRun, unfinishedRun } from '../journal/index.ts'
import { withBeliefs } from '../sweep/believed.ts'
import { loadSweep } from '../sweep/load-sweep.ts'
import { planSweep } from '../sweep/plan.ts'
import type { Plan, Sweep } from '../sweep/sweep.ts'
import { execute, partOf, type ReportedOutcome, type RunWatch, refuseShards } from './execute.ts'
import { parseLimits, refuseSloWithout } from './limits.ts'
import type { SweepFileOptions } from './plan.ts'
import { readPriors } from './priors.ts'

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
  const limits = parseLimits(request)
  const sweep = await loadSweep(request.file, request)
  refuseSloWithout(sweep.slo, limits)
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

function commandOf(sweep: Sweep, asked: { readonly shards?: number; readonly only?: readonly string[] }): string[] {
  const shards = asked.shards === undefined ? [] : ['--shards', String(asked.shards)]
  return ['fulcrum', 'run', sweep.file, ...shards, ...(asked.only ?? []).flatMap(id => ['--only', id])]
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
