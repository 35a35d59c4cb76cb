import { type Delivery, headTokens, pacedPart } from './arrivals.ts'
import { itlOf } from './definitions.ts'
import type { Measurement } from './measurement.ts'
import { decodeTimesOf, type RequestRecords } from './records.ts'

/** A first chunk is late if it comes with this many times the chunks of a later arrival. */
const manyTimes = 2
/** A last chunk is late if it comes after this many times the gap between other arrivals, and this much later. */
const lateTimes = 3
const lateByMs = 10

/** Delivery of the answered requests; empty if it is unknown when their chunks arrived. */
export function deliveryOf(records: RequestRecords): { readonly delivery?: Delivery } {
  const first = { answers: 0, tokens: 0, heldMs: 0 }
  const last = { answers: 0, gapMs: 0, otherGapMs: 0 }
  const plain = { tokens: 0, ms: 0 }
  const later = { arrivals: 0, chunks: 0, ms: 0 }
  let answers = 0
  const at = (column: Float64Array, row: number) => column[row] ?? Number.NaN
  for (let row = 0; row < records.count; row++) {
    const [chunks, head] = [at(records.chunks, row), at(records.headChunks, row)]
    if (records.error[row] !== 0 || !(chunks > 1) || !(head > 0)) continue
    answers += 1
    const request = decodeTimesOf(records, row)
    const tookMs = request.lastTokenMs - request.firstTokenMs
    const itlMs = itlOf(request)
    const whole = pacedPart({ ...request, headChunks: 1 })
    if (whole !== null) {
      plain.tokens += whole.tokens
      plain.ms += whole.ms
    }
    const arrivals = at(records.laterArrivals, row)
    if (!(arrivals > 0)) continue
    later.arrivals += arrivals
    later.chunks += chunks - head
    later.ms += tookMs
    if (head > 1 && head >= (manyTimes * (chunks - head)) / arrivals && itlMs > 0) {
      const tokens = headTokens(request) - headTokens({ ...request, headChunks: 1 })
      first.answers += 1
      first.tokens += tokens
      first.heldMs += tokens * itlMs
    }
    const gapMs = at(records.lastGapMs, row)
    const otherGapMs = (tookMs - gapMs) / (arrivals - 1)
    if (arrivals > 1 && gapMs > lateTimes * otherGapMs && gapMs > otherGapMs + lateByMs) {
      last.answers += 1
      last.gapMs += gapMs
      last.otherGapMs += otherGapMs
    }
  }
  if (answers === 0) return {}
  return {
    delivery: {
      answers,
      lateFirst:
        first.answers === 0
          ? null
          : {
              answers: first.answers,
              tokens: first.tokens / first.answers,
              heldMs: first.heldMs / first.answers,
            },
      plainOutputTokensPerSPerUser: plain.ms > 0 ? (plain.tokens * 1000) / plain.ms : null,
      lateLast:
        last.answers === 0
          ? null
          : {
              answers: last.answers,
              gapMs: last.gapMs / last.answers,
              otherGapMs: last.otherGapMs / last.answers,
            },
      later: later.arrivals === 0 ? null : { chunks: later.chunks / later.arrivals, gapMs: later.ms / later.arrivals },
    },
  }
}

/** Difference up to which two ways to compute tokens/s per user agree. */
const sameSpeed = 0.005

/** Whether ITL is the same by genai-perf's definition: no tokens arrived with a first chunk, or too few to matter. */
export function hasPlainItl({
  onePiece = 0,
  delivery,
  outputTokensPerSPerUser: speed,
}: Pick<Measurement, 'onePiece' | 'delivery' | 'outputTokensPerSPerUser'>): boolean {
  const plain = delivery?.plainOutputTokensPerSPerUser ?? null
  return onePiece === 0 && (plain === null || (speed !== null && Math.abs(plain / speed.mean - 1) <= sameSpeed))
}
