import { stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import type { CapacityPlan } from '../analysis/capacity/plan.ts'
import { planningTwin } from '../analysis/capacity/planning-twin.ts'
import { capacityPoint } from '../analysis/capacity/point.ts'
import { readTwin, type Twin, twinFile } from '../analysis/twin/index.ts'
import { plainTwin } from '../analysis/twin/plain.ts'
import { type Run, readRun } from '../journal/index.ts'
import { defined, FulcrumError, meanTokens } from '../model/index.ts'
import { capacityMarkdown } from '../render/markdown/capacity.ts'
import type { CapacityPageData } from '../render/page/capacity/data.ts'
import type { CapacityView } from '../render/views/capacity.ts'
import { planned } from '../render/views/capacity-planner.ts'
import { askedByFlags, type CapacityFlags, flagName } from './capacity/flags.ts'
import { type AskedCapacity, questionOf, traceOf } from './capacity/question.ts'
import { readCapacityFile } from './capacity/read-file.ts'
import { findRun, runFolder } from './find-run.ts'

export type { CandidateView, CapacityView } from '../render/views/capacity.ts'
export type { CapacityFlags } from './capacity/flags.ts'

/** Request of `fulcrum capacity`. */
export interface CapacityRequest {
  /** A capacity file, or the folder of a run. */
  readonly target: string
  /** Folder of the run for a capacity file. Overrides the one that the file names. */
  readonly run?: string
  readonly flags: CapacityFlags
  /** A twin to replay the plan on. Default: the one beside the run, if any. */
  readonly twin?: string
  readonly resultsRoot: string
  /** Folder for capacity.html, .md, .csv and .json. Without it, nothing is written. */
  readonly to?: string
  readonly signal: AbortSignal
}

/** A capacity plan and its views. */
export interface CapacityPlanned {
  readonly plan: CapacityPlan
  readonly view: CapacityView
  readonly markdown: string
  /** Data with which the page computes answers when its reader changes the question. */
  readonly page: CapacityPageData
}

/** Result of `fulcrum capacity`. */
export interface CapacityResult extends Omit<CapacityPlanned, 'plan' | 'page'> {
  readonly files: readonly string[]
}

/**
 * `fulcrum capacity`: computes from a run's measurements how many GPUs and nodes of which deployment serve the traffic
 * within the SLO.
 * @throws FulcrumError (bad-input) for an invalid file, flag or run
 */
export async function planCapacityOf(request: CapacityRequest): Promise<CapacityResult> {
  const { asked, folder } = await askedAndRun(request)
  const { plan: _, page, ...answer } = await answerFrom(await readRun(folder), asked, request)
  return {
    ...answer,
    files: request.to === undefined ? [] : await writeCapacity({ ...answer, page }, resolve(request.to)),
  }
}

/**
 * Answers a question from a run.
 * @throws FulcrumError (bad-input) for a workload that the run lacks, or an unreadable trace or twin
 */
export async function answerFrom(
  run: Run,
  asked: AskedCapacity,
  { twin: named, signal }: Pick<CapacityRequest, 'twin' | 'signal'>,
): Promise<CapacityPlanned> {
  const analysis = analyse(run)
  const trace = await traceOf(asked, signal)
  const twin = await twinOf(run.folder, named)
  const ground = {
    points: analysis.points,
    run: { folder: run.folder, sweep: run.manifest.sweep, runId: run.manifest.runId },
    twin: twin === null ? null : planningTwin(twin, trace),
  }
  const question = questionOf(asked, analysis.workloads, trace)
  const { plan, view } = planned(ground, question)
  return {
    plan,
    view,
    markdown: capacityMarkdown(view),
    page: {
      question,
      points: analysis.points.map(capacityPoint),
      run: { ...ground.run, folder: seenFromHere(run.folder) },
      workloads: analysis.workloads.map(({ name, workload: { isl, osl } }) => [
        name,
        { isl: meanTokens(isl), osl: meanTokens(osl) },
      ]),
      twin: twin === null ? null : plainTwin(twin),
    },
  }
}

/**
 * The relative path of a folder below the working directory: it is short in commands to copy, and does not reveal a
 * home directory.
 */
function seenFromHere(folder: string): string {
  const way = relative('.', folder)
  return way === '' || way.startsWith('..') ? folder : way
}

/** The named twin, otherwise the one beside the run; null if there is none. */
async function twinOf(folder: string, named: string | undefined): Promise<Twin | null> {
  if (named !== undefined) return readTwin(resolve(named))
  const beside = join(folder, twinFile)
  const isThere = await stat(beside).then(
    () => true,
    () => false,
  )
  return isThere ? readTwin(beside) : null
}

async function askedAndRun({
  target,
  run,
  flags,
  resultsRoot,
}: CapacityRequest): Promise<{ asked: AskedCapacity; folder: string }> {
  const folder = await runFolder(target, resultsRoot)
  const isFolder = await stat(folder).then(
    found => found.isDirectory(),
    () => false,
  )
  if (isFolder && run !== undefined)
    throw new FulcrumError('bad-input', 'two-runs', `Two runs given: ${target} is also the folder of a run.`, {
      where: run,
      remedy: 'Give one run, or a capacity file and a run.',
    })
  if (isFolder) return { asked: askedByFlags(flags), folder }
  const [flag] = Object.keys(flags)
  if (flag !== undefined)
    throw new FulcrumError('bad-input', 'capacity-flag', `${flagName(flag)} cannot be combined with a capacity file.`, {
      remedy: 'Write it into the file, or give the folder of a run instead of the file.',
    })
  const file = await readCapacityFile(target)
  const named = run ?? (file.raw.run === undefined ? undefined : resolve(dirname(file.path), file.raw.run))
  return { asked: file, folder: await findRun({ ...defined({ folder: named }), resultsRoot }) }
}

/** Writes capacity.html, .md, .csv and .json. */
export async function writeCapacity(
  { view, markdown, page }: Omit<CapacityPlanned, 'plan'>,
  folder: string,
): Promise<readonly string[]> {
  // Only a page needs this module.
  const { capacityHtml } = await import('../render/html/capacity-page.ts')
  const { capacityCsv } = await import('../render/page/capacity/csv.ts')
  const { openFileWriter } = await import('../render/file-writer.ts')
  const texts = {
    'capacity.html': await capacityHtml(view, page),
    'capacity.md': markdown,
    'capacity.csv': capacityCsv(view),
    'capacity.json': `${JSON.stringify(view, null, 2)}\n`,
  }
  const { write, commit } = openFileWriter(folder, 'the capacity plan')
  for (const [name, text] of Object.entries(texts)) write(name, text)
  return commit()
}
