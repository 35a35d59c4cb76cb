import { resolve } from 'node:path'
import { historyGate, parseHistoryThreshold } from '../analysis/history/gate.ts'
import { type History, historyOf } from '../analysis/history/history.ts'
import { baselineOf, readRun, runsOf, sweepFolder } from '../journal/index.ts'
import { historyAnnotations, historyGateText } from '../report/history/gate.ts'
import { type ChangeGroup, type HistoryRow, historyJson, historyTable } from '../report/history/table.ts'
import { sweepNamed } from './find-sweep.ts'

export interface HistoryRequest {
  readonly resultsRoot: string
  /** Name of the sweep; the only one there when left out. */
  readonly sweep?: string
  /** How many of the youngest runs to follow. */
  readonly last: number
  /** `itl_p95>5%`, `hypervolume<-3%`. */
  readonly failOn?: readonly string[]
  /** Folder for history.html, history.json and the charts; none is written without. */
  readonly to?: string
}

/** A sweep's history, ready to print. */
export interface WrittenHistory {
  readonly sweep: string
  readonly runs: number
  /** Runs that measured nothing, or can't be read. */
  readonly passedOver: readonly string[]
  /** Key figures by workload and every figure that changed. */
  readonly rows: readonly HistoryRow[]
  /** By the run that they came with, the youngest first. */
  readonly groups: readonly ChangeGroup[]
  /** Whether each threshold holds, in words. */
  readonly thresholds: readonly string[]
  readonly gateBroken: boolean
  /** Workflow commands for GitHub Actions. */
  readonly annotations: readonly string[]
  readonly json: string
  /** Path of the page; null when none was asked for. */
  readonly page: string | null
}

/** The youngest runs of a sweep, followed; and those that measured nothing or can't be read. */
export async function readHistory({
  resultsRoot,
  sweep,
  last,
}: {
  readonly resultsRoot: string
  readonly sweep: string
  readonly last: number
}): Promise<{ readonly history: History; readonly passedOver: readonly string[] }> {
  const entries = (await runsOf(resultsRoot, sweep)).slice(-last)
  const baseline = await baselineOf(sweepFolder(resultsRoot, sweep))
  const read = await Promise.all(entries.map(({ folder }) => readRun(folder).catch(() => null)))
  const runs = read.filter(run => run !== null).filter(run => run.results.some(result => result.status === 'ok'))
  const followed = new Set(runs.map(run => run.folder))
  return {
    history: historyOf(sweep, runs, runs.find(run => run.folder === baseline)?.manifest.runId ?? null),
    passedOver: entries.flatMap(({ folder }) => (followed.has(folder) ? [] : [folder])),
  }
}

/**
 * Follows the key figures of a sweep over its runs.
 * @throws FulcrumError (bad-input) when there is no run of it, or a threshold is none
 */
export async function sweepHistory(request: HistoryRequest): Promise<WrittenHistory> {
  const thresholds = (request.failOn ?? []).map(parseHistoryThreshold)
  const resultsRoot = resolve(request.resultsRoot)
  const sweep = await sweepNamed(resultsRoot, request.sweep)
  const { history, passedOver } = await readHistory({ resultsRoot, sweep, last: request.last })
  const { rows, groups } = historyTable(history)
  const gates = historyGate(history, thresholds)
  let page: string | null = null
  if (request.to !== undefined) {
    // Vega takes most of a second to load, which only a page should cost.
    const { writeHistory } = await import('../report/history/write-history.ts')
    const { files } = await writeHistory(history, gates, resolve(request.to))
    page = files[0] ?? null
  }
  return {
    sweep,
    runs: history.runs.length,
    passedOver,
    rows,
    groups,
    thresholds: gates.map(gate => historyGateText(history, gate)),
    gateBroken: gates.some(({ broken }) => broken.length > 0),
    annotations: historyAnnotations(history, gates),
    json: historyJson(history, gates),
    page,
  }
}
