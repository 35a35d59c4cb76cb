import type { Finding, Measurement } from '../../metrics/measurement.ts'
import type { Point } from '../../model/index.ts'
import { disagreements } from '../programs/agreement.ts'
import { measurementOf } from '../programs/measurement.ts'
import type { ProgramEnd } from '../programs/run-program.ts'
import type { BenchResult } from './result-file.ts'
import { chunkGaps, rowsOf } from './rows.ts'
import { untestedVersion } from './version.ts'

/** A finished run of vllm-rs and what was read of it. */
export interface VllmBenchRun {
  readonly end: ProgramEnd
  readonly result: BenchResult
  /** Of each request's prompt, template included. */
  readonly inputTokens: readonly number[]
  readonly version: string
  /** Epoch ms. */
  readonly startedAtMs: number
  readonly runFolder: string
  readonly files: readonly string[]
}

/**
 * The measurement that its records of requests give, over its steady window where it found one. The first wave, which
 * all slots send at once, lies before that window; answers of its last requests may come after it.
 */
export function resultOf(point: Point, run: VllmBenchRun): Measurement {
  const { result, version } = run
  const rows = rowsOf(result, run.inputTokens)
  const answered = rows.filter(({ failure }) => failure === null).length
  const window = point.load.window === 'whole' ? undefined : result.steady_state?.window
  const measurement = measurementOf(point, {
    version,
    rows,
    startedAtMs: run.startedAtMs,
    wallS: run.end.elapsedS,
    knowsSchedule: false,
    ...(window && { steadyWindow: { startMs: window.start_s * 1000, endMs: window.end_s * 1000 } }),
    interChunkMs: chunkGaps(result),
    // It asks for usage; where the server sends none, it counts with the tokenizer, and doesn't say so.
    tokenSource: 'generator',
    tokenCounts: { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 },
    remarks: [],
    runFolder: run.runFolder,
    files: run.files,
  })
  const remarks = [
    ...untestedVersion(version),
    firstPromptRepeated(point),
    ...cutShort(point, rows.length),
    ...(window?.warning ? [shortWindow(window.warning)] : []),
    ...checked(result, measurement, answered),
  ]
  return { ...measurement, remarks: [...(measurement.remarks ?? []), ...remarks] }
}

/** It sends the first prompt to see that the server answers, and for every request of its warm-up. */
function firstPromptRepeated({ load }: Point): Finding {
  const times = load.warmup + 1
  return {
    severity: 'note',
    code: 'first-prompt-repeated',
    message: `vllm-rs sends the first prompt ${times} ${times === 1 ? 'time' : 'times'} before it measures: a prefix cache answers it sooner`,
  }
}

function cutShort({ load }: Point, recorded: number): Finding[] {
  if (load.requests === undefined || recorded >= load.requests) return []
  const message = `vllm-rs recorded ${recorded} of ${load.requests} requests`
  return [{ severity: 'invalid', code: 'vllm-bench-cut-short', message }]
}

const shortWindow = (warning: string): Finding => ({
  severity: 'note',
  code: 'steady-window-short',
  message: `vllm-rs says of its steady window: ${warning.replace(/\s+/g, ' ').trim().slice(0, 300)}`,
})

/** Its own figures of the whole run against those of its records; which request is in its window it doesn't say. */
function checked(result: BenchResult, measurement: Measurement, answered: number): Finding[] {
  const whole = measurement.whole ?? measurement
  return disagreements('vllm-rs', [
    { name: 'TTFT mean (ms)', stated: result.mean_ttft_ms ?? undefined, recorded: whole.ttftMs?.mean },
    {
      name: 'request latency mean (ms)',
      stated: result.mean_e2el_ms ?? undefined,
      recorded: whole.requestLatencyMs?.mean,
    },
    { name: 'answered requests', stated: result.completed, recorded: answered },
  ])
}
