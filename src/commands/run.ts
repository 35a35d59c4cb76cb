import { resolve } from 'node:path'
import { createRun, type Manifest, openRun, runToGoOnWith } from '../journal/index.ts'
import { defined } from '../model/index.ts'
import { withBeliefs } from '../plan/believed.ts'
import { planSweep } from '../plan/plan.ts'
import { loadSweep } from '../spec/load-sweep.ts'
import type { Plan, Sweep } from '../spec/sweep.ts'
import { changesSinceStart } from './changed-since-start.ts'
import { execute, generatorOver, partOf, type ReportedOutcome, type RunWatch } from './execute.ts'
import { parseLimits, refuseSloWithout } from './limits.ts'
import type { SweepFileOptions } from './plan.ts'
import { readPriors } from './priors.ts'

/** Options for running a sweep from any source. */
export interface RunChoices extends RunWatch, SweepFileOptions {
  readonly resultsRoot: string
  readonly startNew: boolean
  /** Ids of the points to measure, always in a run of their own. Default: all. */
  readonly only?: readonly string[]
  /** Folders of priors for an adaptive search, see {@link readPriors}. */
  readonly priors?: readonly string[]
}

/**
 * `fulcrum run`: continues the unfinished run of the same sweep file, or starts a new one, and writes the report.
 * @throws FulcrumError (bad-input) before anything starts; (environment) if the run's folder cannot be used
 */
export async function runSweepFile(request: RunChoices & { readonly file: string }): Promise<ReportedOutcome> {
  const sweep = await loadSweep(request.file, request)
  return runLoadedSweep(sweep, request, commandOf(sweep, request))
}

/**
 * Runs a sweep after its file was read; see {@link runSweepFile}.
 * @param command command line that repeats the run
 */
export async function runLoadedSweep(
  sweep: Sweep,
  request: RunChoices,
  command: readonly string[],
): Promise<ReportedOutcome> {
  const limits = parseLimits(request)
  refuseSloWithout(sweep.slo, limits)
  generatorOver(sweep, request.shards)
  const { only } = request
  const priors = await readPriors(request.priors ?? [], sweep.model.name)
  const planned = partOf(planSweep(sweep), only)
  const plan = priors.length === 0 ? planned : withBeliefs(planned, priors)
  const resultsRoot = resolve(request.resultsRoot)
  for (const warning of sweep.warnings) request.onNote?.(`warning: ${warning}`)
  const found =
    request.startNew || only !== undefined
      ? { run: null, changes: [] }
      : await runToGoOnWith(resultsRoot, sweep, async run => {
          const { files, revision } = await changesSinceStart(run, plan)
          return [...files, ...revision]
        })
  if (found.run !== null) {
    const { folder, scan } = found.run
    return execute(plan, await openRun(folder, { earlier: scan }), resultsRoot, true, request)
  }
  const run = await createRun(resultsRoot, {
    sweep,
    command,
    ...defined({ only }),
    mix: sweep.mix,
    files: sweep.fingerprints,
    plan: planSummary(plan),
  })
  if (found.changes.length === 0) return execute(plan, run, resultsRoot, false, request)
  const message = `Starting a new run. Since the unfinished run started: ${found.changes.join('; ')}`
  await run.journal.append({ type: 'note', message })
  request.onNote?.(message)
  return { ...(await execute(plan, run, resultsRoot, false, request)), notes: [message] }
}

/** The command line that runs this sweep file again. */
export function commandOf(
  sweep: Sweep,
  asked: { readonly shards?: number; readonly only?: readonly string[] },
): string[] {
  const shards = asked.shards === undefined ? [] : ['--shards', String(asked.shards)]
  return ['fulcrum', 'run', sweep.file, ...shards, ...(asked.only ?? []).flatMap(id => ['--only', id])]
}

/** Summary of a plan for a run's manifest. */
export function planSummary(plan: Plan): Manifest['plan'] {
  return {
    points: plan.pointCount,
    deployments: plan.deployments.length,
    workersStarted: plan.cost.workersStarted,
    lowerBound: plan.lowerBound,
    exact: plan.exact,
  }
}
