import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { counted, defined, type Point } from '../../model/index.ts'
import { disagreements } from '../programs/agreement.ts'
import { measurementOf } from '../programs/measurement.ts'
import { originMs } from '../programs/rows.ts'
import type { ProgramEnd } from '../programs/run-program.ts'
import { untestedVersion } from '../programs/tested-version.ts'
import type { BenchResult } from './result-file.ts'
import { chunkGaps, rowsOf } from './rows.ts'
import type { WrittenTrace } from './trace-file.ts'
import { testedVllmRs } from './version.ts'

/** A finished run of vllm-rs with its output. */
export interface VllmBenchRun {
  readonly end: ProgramEnd
  readonly result: BenchResult
  /** Of each request's prompt, template included. */
  readonly inputTokens: ArrayLike<number>
  /** The replayed trace. */
  readonly trace?: WrittenTrace
  readonly version: string
  /** Epoch ms; the zero of the times in its records. */
  readonly startedAtMs: number
  readonly runFolder: string
  readonly files: readonly string[]
}

/**
 * Builds the measurement from the records of requests, over vllm-rs's steady window if it found one. The first wave,
 * which all slots send at once, is before that window. Answers to its last requests may arrive after it.
 */
export function resultOf(point: Point, run: VllmBenchRun): Measurement {
  const { result, version, trace } = run
  const rows = rowsOf(result, run.inputTokens, trace?.dueMs)
  const answered = rows.filter(({ failure }) => failure === null).length
  const window = point.load.window === 'whole' ? undefined : result.steady_state?.window
  const measurement = measurementOf(point, {
    version,
    rows,
    startedAtMs: run.startedAtMs + originMs(rows),
    wallS: run.end.elapsedS,
    knowsSchedule: trace !== undefined,
    ...defined({ asked: trace?.asked }),
    ...(window && { steadyWindow: { startMs: window.start_s * 1000, endMs: window.end_s * 1000 } }),
    interChunkMs: chunkGaps(result),
    // It asks for usage. If the server sends none, it counts with the tokenizer and does not report that.
    tokenSource: 'generator',
    tokenCounts: { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 },
    remarks: [],
    runFolder: run.runFolder,
    files: run.files,
  })
  const remarks = [
    ...untestedVersion(testedVllmRs, version),
    ...firstPromptRepeated(point),
    ...(trace === undefined ? [] : unevenBlocks(trace)),
    ...cutShort(trace?.requests ?? point.load.requests, rows.length),
    ...(window?.warning ? [shortWindow(window.warning)] : []),
    ...checked(result, measurement, answered),
  ]
  return {
    ...measurement,
    ...defined({ replay: trace?.replay }),
    remarks: [...(measurement.remarks ?? []), ...remarks],
  }
}

/** It sends the first prompt for every request of its warm-up. */
function firstPromptRepeated({ load }: Point): Finding[] {
  const { warmup } = load
  if (warmup === 0) return []
  const times = `${warmup} ${warmup === 1 ? 'time' : 'times'}`
  const message = `vllm-rs sends the first prompt ${times} before it measures: a prefix cache answers it sooner`
  return [{ severity: 'note', code: 'first-prompt-repeated', message }]
}

function unevenBlocks({ unevenBlocks: count }: WrittenTrace): Finding[] {
  if (count === 0) return []
  const blocks = count === 1 ? '1 block of the trace occurs' : `${count} blocks of the trace occur`
  const message = `${blocks} in several lengths: vllm-rs sends different tokens for each length, so a prefix cache finds less than the trace allows`
  return [{ severity: 'warning', code: 'vllm-bench-uneven-blocks', message }]
}

function cutShort(asked: number | undefined, recorded: number): Finding[] {
  if (asked === undefined || recorded >= asked) return []
  const message = `vllm-rs recorded ${recorded} of ${counted(asked, 'request')}`
  return [{ severity: 'invalid', code: 'vllm-bench-cut-short', message }]
}

const shortWindow = (warning: string): Finding => ({
  severity: 'note',
  code: 'steady-window-short',
  message: `vllm-rs says of its steady window: ${warning.replace(/\s+/g, ' ').trim().slice(0, 300)}`,
})

/**
 * Compares its own figures of the whole run with those from its records. It does not report which requests are in its
 * window.
 */
function checked(result: BenchResult, measurement: Measurement, answered: number): Finding[] {
  const whole = measurement.whole ?? measurement
  // It counts from the actual send time, even if requests have a schedule.
  const { ttftMs, requestLatencyMs } = measurement.fromSend ?? whole
  return disagreements('vllm-rs', [
    { name: 'TTFT mean (ms)', stated: result.mean_ttft_ms ?? undefined, recorded: ttftMs?.mean },
    {
      name: 'request latency mean (ms)',
      stated: result.mean_e2el_ms ?? undefined,
      recorded: requestLatencyMs?.mean,
    },
    { name: 'answered requests', stated: result.completed, recorded: answered },
  ])
}
