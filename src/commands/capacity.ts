import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import type { Candidate } from '../analysis/capacity/candidate.ts'
import { type CapacityPlan, planCapacity } from '../analysis/capacity/plan.ts'
import { predictedCurves } from '../analysis/capacity/predicted-curve.ts'
import { type Replay, replayRecorded, replaySteady } from '../analysis/capacity/replay.ts'
import { readTwin, type Twin, twinFile } from '../analysis/twin/index.ts'
import type { Trace } from '../generators/trace.ts'
import { type Run, readRun } from '../journal/index.ts'
import { defined, FulcrumError, type Slo } from '../model/index.ts'
import { capacityMarkdown } from '../render/markdown/capacity.ts'
import { type CapacityView, capacityView } from '../render/views/capacity.ts'
import { askedByFlags, type CapacityFlags, flagName } from './capacity/flags.ts'
import { type Asked, questionOf, traceOf } from './capacity/question.ts'
import { readCapacityFile } from './capacity/read-file.ts'
import { findRun } from './find-run.ts'

export type { CandidateView, CapacityView } from '../render/views/capacity.ts'
export type { CapacityFlags } from './capacity/flags.ts'

export interface CapacityRequest {
  /** A capacity file, or the folder of a run. */
  readonly target: string
  /** Folder of the run for a capacity file; goes before the one that the file names. */
  readonly run?: string
  readonly flags: CapacityFlags
  /** A twin to replay the plan on; the one beside the run when absent, none when there is none. */
  readonly twin?: string
  readonly resultsRoot: string
  /** Folder for capacity.html, .md and .json; nothing is written without. */
  readonly to?: string
  readonly signal: AbortSignal
}

/** A capacity plan and how it is shown. */
export interface CapacityPlanned {
  readonly plan: CapacityPlan
  readonly view: CapacityView
  readonly markdown: string
}

export interface CapacityAnswer extends Omit<CapacityPlanned, 'plan'> {
  readonly files: readonly string[]
}

/**
 * `fulcrum capacity`: how many GPUs and nodes of which deployment serve the traffic under the SLO, from what a run
 * measured.
 * @throws FulcrumError (bad-input) for a file, flag or run that is none
 */
export async function planCapacityOf(request: CapacityRequest): Promise<CapacityAnswer> {
  const { asked, folder } = await askedAndRun(request)
  const { view, markdown } = await answerFrom(await readRun(folder), asked, request)
  return {
    view,
    markdown,
    files: request.to === undefined ? [] : await writeCapacity(view, markdown, resolve(request.to)),
  }
}

/**
 * Answers a question from a run that was read.
 * @throws FulcrumError (bad-input) for a workload that the run lacks, a trace or a twin that can't be read
 */
export async function answerFrom(
  run: Run,
  asked: Asked,
  { twin: named, signal }: Pick<CapacityRequest, 'twin' | 'signal'>,
): Promise<CapacityPlanned> {
  const analysis = analyse(run)
  const trace = await traceOf(asked, signal)
  const twin = await twinOf(run.folder, named)
  const predict = twin === null ? null : predictedCurves(twin)
  const plan = planCapacity(analysis.points, questionOf(asked, analysis.workloads, trace), predict)
  const replays = twin === null || plan.best === null ? [] : replaysOf(twin, plan.best, trace, plan.question.slo)
  const view = capacityView(plan, { folder: run.folder, sweep: run.manifest.sweep, runId: run.manifest.runId }, replays)
  return { plan, view, markdown: capacityMarkdown(view) }
}

/** The twin that is named, else the one beside the run; null without any. */
async function twinOf(folder: string, named: string | undefined): Promise<Twin | null> {
  if (named !== undefined) return readTwin(resolve(named))
  const beside = join(folder, twinFile)
  const isThere = await stat(beside).then(
    () => true,
    () => false,
  )
  return isThere ? readTwin(beside) : null
}

function replaysOf(twin: Twin, best: Candidate, trace: Trace | null, slo: Slo): readonly Replay[] {
  return [replaySteady(twin, best, slo), ...(trace === null ? [] : [replayRecorded(twin, best, trace, slo)])]
}

async function askedAndRun({
  target,
  run,
  flags,
  resultsRoot,
}: CapacityRequest): Promise<{ asked: Asked; folder: string }> {
  const isFolder = await stat(target).then(
    found => found.isDirectory(),
    () => false,
  )
  if (isFolder && run !== undefined)
    throw new FulcrumError('bad-input', 'two-runs', `Two runs are given: ${target} is the folder of a run, too.`, {
      where: run,
      remedy: 'Give one run, or a capacity file and a run.',
    })
  if (isFolder) return { asked: askedByFlags(flags), folder: resolve(target) }
  const [flag] = Object.keys(flags)
  if (flag !== undefined)
    throw new FulcrumError('bad-input', 'capacity-flag', `${flagName(flag)} cannot be combined with a capacity file.`, {
      remedy: 'Write it into the file, or give the folder of a run instead of the file.',
    })
  const file = await readCapacityFile(target)
  const named = run ?? (file.raw.run === undefined ? undefined : resolve(dirname(file.path), file.raw.run))
  return { asked: file, folder: await findRun({ ...defined({ folder: named }), resultsRoot }) }
}

/** Writes capacity.html, .md and .json. */
export async function writeCapacity(view: CapacityView, markdown: string, folder: string): Promise<readonly string[]> {
  // Vega takes most of a second to load, which only a page should cost.
  const { capacityHtml } = await import('../render/html/capacity-page.ts')
  const { openFileWriter } = await import('../render/file-writer.ts')
  const texts = {
    'capacity.html': await capacityHtml(view),
    'capacity.md': markdown,
    'capacity.json': `${JSON.stringify(view, null, 2)}\n`,
  }
  const { write, commit } = openFileWriter(folder, 'the capacity plan')
  for (const [name, text] of Object.entries(texts)) write(name, text)
  return commit()
}
