import { Histogram, histogramBytes } from '../../metrics/histogram.ts'
import { type Api, generates } from '../../model/index.ts'
import type { LatencySoFar, LoadSoFar } from '../generator.ts'

/** Counts of all threads of one measurement so far, in shared memory. Each thread writes only its own part. */
export interface LiveTable {
  readonly threads: readonly LivePart[]
}

/** One thread's part. */
export interface LivePart {
  /** Requests sent, requests ended, chunks or tokens arrived, measured requests failed. */
  readonly counts: Float64Array
  /** Buckets of {@link Histogram}s of measured requests. */
  readonly ttft: Float64Array
  readonly itl: Float64Array
}

const SENT = 0
const ENDED = 1
const TOKENS = 2
const FAILED = 3

const sharedNumbers = (bytes: number) => new Float64Array(new SharedArrayBuffer(bytes))

/** Creates a table with empty counts, whose memory worker threads can share. */
export function createLiveTable(threads: number): LiveTable {
  return {
    threads: Array.from({ length: threads }, () => ({
      counts: sharedNumbers(4 * Float64Array.BYTES_PER_ELEMENT),
      ttft: sharedNumbers(histogramBytes),
      itl: sharedNumbers(histogramBytes),
    })),
  }
}

/** The token counter of a thread's part. Exchanges increment it directly, so counting a token allocates nothing. */
export const tokensOf = ({ counts }: LivePart): Float64Array => counts.subarray(TOKENS, TOKENS + 1)

/** Counts a request as sent. */
export function countSent({ counts }: LivePart): void {
  counts[SENT] = (counts[SENT] ?? 0) + 1
}

/** @param unseen tokens of the answer beyond one per chunk */
export function countEnded({ counts }: LivePart, unseen: number, isFailure: boolean): void {
  counts[ENDED] = (counts[ENDED] ?? 0) + 1
  counts[TOKENS] = (counts[TOKENS] ?? 0) + unseen
  if (isFailure) counts[FAILED] = (counts[FAILED] ?? 0) + 1
}

/** A thread's part as a message: only buckets that are not empty, each with its count. */
export interface LiveMessage {
  readonly counts: Float64Array
  readonly ttft: Uint32Array
  readonly itl: Uint32Array
}

/** Copies a table to send it to another process. The copy is small, because most buckets are empty. */
export const liveMessages = ({ threads }: LiveTable): readonly LiveMessage[] =>
  threads.map(({ counts, ttft, itl }) => ({ counts: counts.slice(), ttft: sparse(ttft), itl: sparse(itl) }))

/** Rebuilds a table from messages. */
export const liveTableOf = (messages: readonly LiveMessage[]): LiveTable => ({
  threads: messages.map(({ counts, ttft, itl }) => ({ counts, ttft: dense(ttft), itl: dense(itl) })),
})

function sparse(buckets: Float64Array): Uint32Array {
  const pairs: number[] = []
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    const times = buckets[bucket] ?? 0
    if (times > 0) pairs.push(bucket, times)
  }
  return Uint32Array.from(pairs)
}

function dense(pairs: Uint32Array): Float64Array {
  const buckets = new Float64Array(histogramBytes / Float64Array.BYTES_PER_ELEMENT)
  for (let at = 0; at < pairs.length; at += 2) buckets[pairs[at] ?? 0] = pairs[at + 1] ?? 0
  return buckets
}

/** Sums the threads' counts so far. Because they keep writing, the latest arrivals may be missing. */
export function soFar({ threads }: LiveTable, api: Api): LoadSoFar {
  const sum = (index: number) => threads.reduce((total, { counts }) => total + (counts[index] ?? 0), 0)
  const makesTokens = generates(api)
  return {
    inFlight: Math.max(0, sum(SENT) - sum(ENDED)),
    tokens: makesTokens ? sum(TOKENS) : null,
    failed: sum(FAILED),
    ttftMs: makesTokens ? latencyOf(threads.map(({ ttft }) => ttft)) : null,
    itlMs: latencyOf(threads.map(({ itl }) => itl)),
  }
}

function latencyOf(buckets: readonly Float64Array[]): LatencySoFar | null {
  const histogram = Histogram.ofBuckets(buckets)
  if (histogram.count === 0) return null
  return { p50: histogram.percentile(50), p95: histogram.percentile(95) }
}
