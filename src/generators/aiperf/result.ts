import { hasPlainItl } from '../../metrics/delivery.ts'
import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { defined, type Point } from '../../model/index.ts'
import { disagreements } from '../programs/agreement.ts'
import { measurementOf } from '../programs/measurement.ts'
import type { ProgramEnd } from '../programs/run-program.ts'
import { untestedVersion } from '../programs/tested-version.ts'
import type { OwnFigures } from './own-figures.ts'
import type { RawRequest } from './raw-requests.ts'
import { chunkGaps, rowsOf } from './rows.ts'
import type { WrittenTrace } from './trace-file.ts'
import { testedAiperf } from './version.ts'

/** A finished run of AIPerf with its output. */
export interface AiperfRun {
  readonly end: ProgramEnd
  readonly requests: readonly RawRequest[]
  readonly own: OwnFigures | null
  readonly version: string
  /** The replayed trace. */
  readonly trace?: WrittenTrace
  readonly runFolder: string
  readonly files: readonly string[]
}

/**
 * The measurement from AIPerf's record of requests. The exit code is ignored, because it is 0 even if a fifth of the
 * requests failed.
 */
export function resultOf(point: Point, run: AiperfRun): Measurement {
  const { end, own } = run
  const { rows, originNs, tokenSource, tokenCounts } = rowsOf(run.requests)
  const measurement = measurementOf(point, {
    version: own?.aiperf_version ?? run.version,
    rows,
    startedAtMs: originNs / 1e6,
    wallS: end.elapsedS,
    knowsSchedule: true,
    interChunkMs: chunkGaps(run.requests),
    tokenSource,
    tokenCounts,
    remarks: [],
    ...defined({ asked: run.trace?.asked }),
    runFolder: run.runFolder,
    files: run.files,
  })
  const remarks = [
    ...untestedVersion(testedAiperf, run.version),
    ...cutShort(point, run),
    ...(own === null ? [] : checked(own, measurement)),
  ]
  return {
    ...measurement,
    ...defined({ replay: run.trace?.replay }),
    remarks: [...(measurement.remarks ?? []), ...remarks],
  }
}

/** A run that AIPerf or its deadline ended before all requests were sent. */
function cutShort(point: Point, { end, own, requests, trace }: AiperfRun): Finding[] {
  const asked = trace?.requests ?? point.load.requests
  const missing = asked !== undefined && requests.length < asked
  if (end.gaveUp === null && own?.was_cancelled !== true && !missing) return []
  const why = end.gaveUp ?? (own?.was_cancelled === true ? 'it canceled itself' : 'it stopped early')
  const of = asked === undefined ? '' : ` of ${asked}`
  return [
    {
      severity: 'invalid',
      code: 'aiperf-cut-short',
      message: `AIPerf recorded ${requests.length}${of} requests: ${why}`,
    },
  ]
}

function checked(own: OwnFigures, measurement: Measurement): Finding[] {
  const failed = own.error_summary.reduce((sum, { count }) => sum + count, 0)
  // AIPerf counts from the actual send time, even if requests have a schedule.
  const { ttftMs, requestLatencyMs } = measurement.fromSend ?? measurement
  return disagreements('aiperf', [
    { name: 'TTFT mean (ms)', stated: own.time_to_first_token?.avg, recorded: ttftMs?.mean },
    { name: 'TTST mean (ms)', stated: own.time_to_second_token?.avg, recorded: measurement.ttstMs?.mean },
    {
      name: 'ITL mean (ms)',
      // AIPerf divides by its tokenizer's count, the record by the server's, so they are comparable only if these
      // agree.
      stated: sameLengths(own, measurement) && aTokenAChunk(measurement) ? own.inter_token_latency?.avg : undefined,
      recorded: measurement.itlMs?.mean,
    },
    {
      name: 'request latency mean (ms)',
      stated: own.request_latency?.avg,
      recorded: requestLatencyMs?.mean,
    },
    { name: 'answered requests', stated: own.request_count?.avg, recorded: measurement.requests.completed },
    { name: 'failed requests', stated: failed, recorded: measurement.requests.failed },
  ])
}

function sameLengths(own: OwnFigures, measurement: Measurement): boolean {
  const stated = own.output_sequence_length?.avg
  const recorded = measurement.osl?.mean
  return stated !== undefined && recorded !== undefined && Math.abs(stated - recorded) < 0.5
}

/** AIPerf subtracts one token even if chunks carry several, and counts answers that arrive in one piece. */
function aTokenAChunk(measurement: Measurement): boolean {
  const { outputTokens, chunks } = measurement.totals
  return hasPlainItl(measurement) && outputTokens !== null && outputTokens <= chunks
}
