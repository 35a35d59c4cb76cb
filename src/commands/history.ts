import { basename, resolve } from 'node:path'
import { parseGate } from '../analysis/gates/gate.ts'
import { isStopped } from '../analysis/gates/outcome.ts'
import { type DeadRun, historyGate, parseHistoryThreshold } from '../analysis/history/gate.ts'
import { type History, historyOf } from '../analysis/history/history.ts'
import { baselineOf, type Run, type RunEntry, readRun, runsOf, sweepFolder } from '../journal/index.ts'
import { historyJson } from '../render/export/history-json.ts'
import { commitsOf } from '../render/views/commits.ts'
import { counted } from '../render/views/format.ts'
import { historyAnnotations, historyGateText } from '../render/views/history-gate.ts'
import { type HistoryView, historyTable } from '../render/views/history-table.ts'
import { address } from './comment.ts'
import { sweepNamed } from './find-sweep.ts'

/** Request of `fulcrum history`. */
export interface HistoryRequest {
  readonly resultsRoot: string
  /** Name of the sweep. Default: the only sweep in the results folder. */
  readonly sweep?: string
  /** Number of runs to follow, counted from the newest. */
  readonly last: number
  /** `itl_p95>5%`, `hypervolume<-3%`, `ttft_p95>2000ms`, `slo`. */
  readonly failOn?: readonly string[]
  /** Number of points of earlier runs that may lack a valid result in the newest. Default: 0. */
  readonly allowLost?: number
  /** Folder for history.html, history.json and the charts. Without it, nothing is written. */
  readonly to?: string
  /** The repository's page, such as https://github.com/owner/name: revisions become links. */
  readonly repository?: string
}

/** A sweep's history, ready to print. */
export interface WrittenHistory extends HistoryView {
  /** True if a gate failed or was not tested. */
  readonly gateBroken: boolean
  /** Workflow commands for GitHub Actions. */
  readonly annotations: readonly string[]
  readonly json: string
}

/** The newest runs of a sweep and their history. */
interface SweepHistory {
  readonly history: History
  /** Runs with a valid point, oldest first. The history consists of these. */
  readonly runs: readonly Run[]
  /** Folders of the remaining runs. */
  readonly passedOver: readonly string[]
  /** The remaining runs that are newer than every run of the history. */
  readonly dead: readonly DeadRun[]
  /** Why the history lacks the baseline that is set; empty otherwise. */
  readonly baselineGone: string
}

/** Reads the newest runs of a sweep and follows them. Lists runs that measured nothing or are unreadable separately. */
export async function readHistory({
  resultsRoot,
  sweep,
  last,
}: {
  readonly resultsRoot: string
  readonly sweep: string
  readonly last: number
}): Promise<SweepHistory> {
  const all = await runsOf(resultsRoot, sweep)
  const entries = all.slice(-last)
  const baseline = await baselineOf(sweepFolder(resultsRoot, sweep))
  const read = await Promise.all(entries.map(({ folder }) => readRun(folder).catch(() => null)))
  const runs = read.filter(run => run !== null).filter(run => run.results.some(result => result.status === 'ok'))
  const followed = new Set(runs.map(run => run.folder))
  // A run with `--only` says nothing about whether the sweep still works.
  const whole = entries.flatMap(({ folder, manifest }, i) =>
    manifest.only === undefined ? [{ folder, runId: manifest.runId, run: read[i] ?? null }] : [],
  )
  const alive = whole.findLastIndex(({ folder }) => followed.has(folder))
  return {
    history: historyOf(sweep, runs, runs.find(run => run.folder === baseline)?.manifest.runId ?? null),
    runs,
    passedOver: entries.flatMap(({ folder }) => (followed.has(folder) ? [] : [folder])),
    dead: whole.slice(alive + 1).map(({ runId, run }) => ({ runId, why: whyDead(run) })),
    baselineGone: baseline === null || followed.has(baseline) ? '' : whyGone(all, baseline, last),
  }
}

function whyGone(all: readonly RunEntry[], baseline: string, last: number): string {
  const back = all.length - all.findIndex(({ folder }) => folder === baseline)
  const name = basename(baseline)
  return back > last
    ? `the baseline (${name}) is older than the newest ${counted(last, 'run')}; use --last ${back}, or set another with fulcrum baseline set`
    : `the baseline (${name}) has no valid point; set another with fulcrum baseline set`
}

function whyDead(run: Run | null): string {
  if (run === null) return 'it cannot be read'
  const { results } = run
  if (results.length === 0) return 'it has no results'
  // As in the gates of a comparison: a measurement without any answer has failed, whatever its status.
  const failed = results.filter(({ measurement }) => (measurement?.requests.completed ?? 0) === 0).length
  return `${failed} of ${counted(results.length, 'measurement')} failed and ${results.length - failed} are invalid`
}

/**
 * Follows the key figures of a sweep over its runs.
 * @throws FulcrumError (bad-input) if the sweep has no run, or for an invalid threshold
 */
export async function sweepHistory(request: HistoryRequest): Promise<WrittenHistory> {
  const commits = request.repository === undefined ? null : commitsOf(address('repository', request.repository))
  const asked = (request.failOn ?? []).map(text => parseGate(text, parseHistoryThreshold))
  const resultsRoot = resolve(request.resultsRoot)
  const sweep = await sweepNamed(resultsRoot, request.sweep)
  const { history, runs, passedOver, dead, baselineGone } = await readHistory({
    resultsRoot,
    sweep,
    last: request.last,
  })
  const { rows, groups } = historyTable(history)
  const gates = historyGate(history, asked, { runs, dead, baselineGone, allowance: { lost: request.allowLost ?? 0 } })
  let page: string | null = null
  if (request.to !== undefined) {
    // Vega takes most of a second to load. Only a page needs it.
    const { writeHistory } = await import('../render/write-history.ts')
    const { files } = await writeHistory(history, gates, resolve(request.to), commits)
    page = files[0] ?? null
  }
  return {
    sweep,
    runs: history.runs.length,
    passedOver,
    rows,
    groups,
    gates: gates.map(gate => historyGateText(history, gate)),
    gateBroken: isStopped(gates),
    annotations: historyAnnotations(history, gates),
    json: historyJson(history, gates),
    page,
  }
}
