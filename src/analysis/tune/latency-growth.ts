import { meanTokens, workersOf } from '../../model/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** Latency of a median request that load has added. */
export interface LatencyGrowth {
  /** Latency as a multiple of that at the lightest load. */
  readonly times: number
  /** Share of the latency at the lightest load that comes before the first token, 0–1. */
  readonly firstTokenBefore: number
  /** Share of the added latency that comes before the first token, 0–1. */
  readonly shareBeforeFirstToken: number
  readonly text: string
}

/** Growth from the lightest load of the same deployment; null if the medians are unknown. */
export function latencyGrowth(point: MeasuredPoint, lightest: MeasuredPoint | null): LatencyGrowth | null {
  const median = (of: MeasuredPoint | null, name: string) => of?.figures[name]?.mean
  const [ttft, ttftBefore] = [median(point, 'ttft_p50_ms'), median(lightest, 'ttft_p50_ms')]
  const [itl, itlBefore] = [median(point, 'itl_p50_ms'), median(lightest, 'itl_p50_ms')]
  if (ttft === undefined || ttftBefore === undefined || itl === undefined || itlBefore === undefined) return null
  const gaps = Math.max(0, meanTokens(point.workload.osl) - 1)
  const [before, after] = [ttftBefore + gaps * itlBefore, ttft + gaps * itl]
  const [first, rest] = [Math.max(0, ttft - ttftBefore), Math.max(0, gaps * (itl - itlBefore))]
  const share = first + rest > 0 ? first / (first + rest) : 0
  return {
    times: before > 0 ? after / before : 1,
    firstTokenBefore: before > 0 ? ttftBefore / before : 0,
    shareBeforeFirstToken: share,
    text: `Compared with the lightest load, TTFT p50 went from ${figure(ttftBefore)} to ${figure(ttft)} ms and ITL p50 from ${figure(itlBefore)} to ${figure(itl)} ms${first + rest > 0 ? `: ${Math.round(100 * share)}% of the added latency came before the first token` : ''}.`,
  }
}

/** Mean number of requests before their first token, by Little's law; null if unknown. */
export function beforeFirstToken({ figures }: MeasuredPoint): number | null {
  const [rate, ttft] = [figures.request_throughput?.mean, figures.ttft_mean_ms?.mean]
  return rate === undefined || ttft === undefined ? null : (rate * ttft) / 1000
}

/** Requests in each stage by Little's law: rate × time. */
export function littlesLaw(point: MeasuredPoint): string[] {
  const { topology } = point.deployment
  const rate = point.figures.request_throughput?.mean
  const ttft = point.figures.ttft_mean_ms?.mean
  const latency = point.figures.request_latency_mean_ms?.mean
  if (rate === undefined || ttft === undefined || latency === undefined) return []
  const decoding = (rate * (latency - ttft)) / 1000
  const workers = workersOf(topology, 'decode') + workersOf(topology, 'aggregated')
  return [
    `On average, ${figure((rate * ttft) / 1000)} requests waited for their first token and ${figure(decoding)} generated tokens, ${figure(decoding / workers)} per worker (Little's law).`,
  ]
}

/** A pass over fewer prompt tokens takes hardly less time, so short prompts are read together at the price of one. */
const saturatingTokens = 1024

/**
 * Share of time that workers spend on reading prompts (prefill or aggregated workers), by the utilization law:
 * requests/s per worker × time to read a prompt (TTFT without load, shared by short prompts). Null without a lightest
 * load.
 */
export function readingShare(point: MeasuredPoint, lightest: MeasuredPoint | null): number | null {
  const { topology } = point.deployment
  const rate = point.figures.request_throughput?.mean
  const ttftMs = lightest?.figures.ttft_p50_ms?.mean
  if (rate === undefined || ttftMs === undefined) return null
  const workers = topology.kind === 'aggregated' ? topology.workers : topology.prefill
  const together = Math.max(1, Math.floor(saturatingTokens / meanTokens(point.workload.isl)))
  return ((rate / workers) * (ttftMs / 1000)) / together
}

const figure = (value: number) => (value >= 10 ? String(Math.round(value)) : value.toFixed(1))
