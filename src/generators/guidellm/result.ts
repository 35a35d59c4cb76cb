import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { defined, type Point } from '../../model/index.ts'
import { disagreements } from '../programs/agreement.ts'
import { measurementOf } from '../programs/measurement.ts'
import { cutShort, windowAfterWarmup } from '../programs/requests-to-send.ts'
import { originMs, type Row } from '../programs/rows.ts'
import { untestedVersion } from '../programs/tested-version.ts'
import type { GuideLlmReport } from './report-file.ts'
import { rowsOf } from './rows.ts'
import { testedGuideLlm } from './version.ts'

/** A finished run of GuideLLM and its report. */
export interface GuideLlmRun {
  readonly report: GuideLlmReport
  readonly elapsedS: number
  readonly runFolder: string
  readonly files: readonly string[]
}

/**
 * Computes the measurement from GuideLLM's records of requests. Its warm-up continues into the window, which begins
 * with the first send after it and ends with the last measured send. Later requests only maintain the load.
 */
export function resultOf(point: Point, { report, elapsedS, runFolder, files }: GuideLlmRun): Measurement {
  const { load } = point
  const isOpen = load.level.kind !== 'concurrency'
  const rows = rowsOf(report, isOpen)
  const window = load.window === 'whole' ? undefined : windowAfterWarmup(rows, load)
  const measurement = measurementOf(point, {
    version: report.version,
    rows,
    startedAtMs: originMs(rows),
    wallS: elapsedS,
    knowsSchedule: isOpen,
    ...defined({ steadyWindow: window }),
    // It does not record the times of individual pieces.
    interChunkMs: new Float64Array(),
    // Counts come from usage, or from the tokenizer if the server sends none; GuideLLM does not report which.
    tokenSource: 'generator',
    tokenCounts: { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 },
    remarks: [],
    runFolder,
    files,
  })
  const remarks = [
    ...untestedVersion(testedGuideLlm, report.version),
    ...cutShort('guidellm-cut-short', 'GuideLLM', load, rows.length),
    ...checked(report, rows),
  ]
  return {
    ...measurement,
    // Its records include its warm-up.
    ...(window === undefined ? {} : { warmupRequests: rows.filter(({ sentMs }) => sentMs < window.startMs).length }),
    remarks: [...(measurement.remarks ?? []), ...remarks],
  }
}

/** Compares its own figures, which cover everything it sent, with those of its records. */
function checked({ own }: GuideLlmReport, rows: readonly Row[]): Finding[] {
  const answered = rows.filter(({ failure }) => failure === null)
  const meanOf = (of: (row: Row) => number) =>
    answered.length === 0 ? undefined : answered.reduce((sum, row) => sum + of(row), 0) / answered.length
  return disagreements('GuideLLM', [
    { name: 'TTFT mean (ms)', stated: own.ttftMs, recorded: meanOf(row => row.firstTokenMs - row.sentMs) },
    { name: 'request latency mean (ms)', stated: own.latencyMs, recorded: meanOf(row => row.doneMs - row.sentMs) },
    { name: 'answered requests', stated: own.answered, recorded: answered.length },
  ])
}
