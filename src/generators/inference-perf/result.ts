import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { defined, type Point } from '../../model/index.ts'
import { disagreements } from '../programs/agreement.ts'
import { measurementOf } from '../programs/measurement.ts'
import { cutShort, windowAfterWarmup } from '../programs/requests-to-send.ts'
import { originMs } from '../programs/rows.ts'
import { untestedVersion } from '../programs/tested-version.ts'
import type { OwnFigures, RecordedRequest } from './report-files.ts'
import { type CountedRows, rowsOf } from './rows.ts'
import { testedInferencePerf } from './version.ts'

/** A finished run of inference-perf and its reports. */
export interface InferencePerfRun {
  readonly version: string
  readonly records: readonly RecordedRequest[]
  readonly own: OwnFigures
  /** When the requests of an open loop were due, ms after the first. */
  readonly dueMs: Float64Array | undefined
  /** Epoch ms at 0 of the records' clock. */
  readonly clockMs: number
  readonly elapsedS: number
  readonly runFolder: string
  readonly files: readonly string[]
}

/**
 * Computes the measurement from the records of requests. The warm-up continues into the window, which begins with the
 * first send after it and ends with the last measured send. Later requests only maintain the load.
 */
export function resultOf(point: Point, run: InferencePerfRun): Measurement {
  const { load } = point
  const { own, dueMs, version } = run
  const schedule = dueMs && own.delayMs !== undefined ? { ms: dueMs, meanDelayMs: own.delayMs } : undefined
  const { rows, gapsMs, ...tokens } = rowsOf(run.records, schedule)
  const window = load.window === 'whole' ? undefined : windowAfterWarmup(rows, load)
  const measurement = measurementOf(point, {
    ...{ version, rows, ...tokens },
    startedAtMs: run.clockMs + originMs(rows),
    wallS: run.elapsedS,
    knowsSchedule: schedule !== undefined,
    ...defined({ steadyWindow: window }),
    interChunkMs: gapsMs,
    remarks: [],
    runFolder: run.runFolder,
    files: run.files,
  })
  const remarks = [
    ...untestedVersion(testedInferencePerf, version),
    ...cutShort('inference-perf-cut-short', 'inference-perf', load, rows.length),
    ...checked(own, rows),
  ]
  return {
    ...measurement,
    // Its records include its warm-up.
    ...(window === undefined ? {} : { warmupRequests: rows.filter(({ sentMs }) => sentMs < window.startMs).length }),
    remarks: [...(measurement.remarks ?? []), ...remarks],
  }
}

/** Compares its own figures, which cover everything it sent, with those of its records. */
function checked(own: OwnFigures, rows: CountedRows['rows']): Finding[] {
  const meanOf = (of: (row: CountedRows['rows'][number]) => number, among: CountedRows['rows']) =>
    among.length === 0 ? undefined : among.reduce((sum, row) => sum + of(row), 0) / among.length
  const answered = rows.filter(({ failure }) => failure === null)
  // It has no TTFT of an answer with a single token.
  const timed = answered.filter(({ chunks }) => chunks > 1)
  return disagreements('inference-perf', [
    { name: 'TTFT mean (ms)', stated: own.ttftMs, recorded: meanOf(row => row.firstTokenMs - row.sentMs, timed) },
    {
      name: 'request latency mean (ms)',
      stated: own.latencyMs,
      recorded: meanOf(row => row.doneMs - row.sentMs, answered),
    },
    { name: 'answered requests', stated: own.answered, recorded: answered.length },
  ])
}
