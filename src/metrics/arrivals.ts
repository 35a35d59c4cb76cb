/**
 * The shortest plausible decode time per token, ms: 20,000 tokens/s for one user. Decode steps of current engines take
 * at least 50 times as long; chunks that a server writes at once arrive about 0.02 ms apart.
 */
export const leastTokenMs = 0.05

/**
 * How the chunks of one answer arrived. Its head is the longest start whose chunks are less than {@link leastTokenMs}
 * apart on average: usually the first chunk alone, and more if something delayed it until later tokens caught up.
 */
export interface Arrivals {
  readonly headChunks: number
  /** Arrivals after the head; chunks closer together than {@link leastTokenMs} are one arrival. */
  readonly laterArrivals: number
  /** The first of them: ms after the first chunk, NaN without one; and the chunks up to and including it. */
  readonly restAfterMs: number
  readonly restFrom: number
  /** Time between the last two chunks; NaN with fewer. */
  readonly lastGapMs: number
}

/** Whether the chunk number `chunks` (from 1) still belongs to the head of its answer. */
export function isInHead(sinceFirstMs: number, chunks: number): boolean {
  return sinceFirstMs < leastTokenMs * (chunks - 1)
}

/** Arrivals of an answer by the gaps between its chunks. */
export function arrivalsOf(gapsMs: readonly number[]): Arrivals {
  let [headChunks, laterArrivals, restAfterMs, restFrom, sinceFirstMs] = [1, 0, Number.NaN, 0, 0]
  for (const [index, gapMs] of gapsMs.entries()) {
    sinceFirstMs += gapMs
    const chunks = index + 2
    if (isInHead(sinceFirstMs, chunks)) {
      ;[headChunks, laterArrivals, restAfterMs, restFrom] = [chunks, 0, Number.NaN, 0]
      continue
    }
    if (gapMs >= leastTokenMs || laterArrivals === 0) laterArrivals += 1
    if (laterArrivals > 1) continue
    if (restFrom === 0) restAfterMs = sinceFirstMs
    restFrom = chunks
  }
  return { headChunks, laterArrivals, restAfterMs, restFrom, lastGapMs: gapsMs.at(-1) ?? Number.NaN }
}

/** Counts of one answer. A count that is 0 or NaN is unknown. */
export interface AnswerCounts {
  readonly outputTokens: number
  readonly chunks: number
  readonly firstChunkTokens: number
  /** See {@link Arrivals}; absent if the times of chunks are unknown. */
  readonly headChunks?: number
  readonly restFrom?: number
}

/** Tokens of the head of an answer. Those behind its first chunk are divided evenly among the chunks. */
export function headTokens({ outputTokens, chunks, firstChunkTokens, headChunks = 1 }: AnswerCounts): number {
  const first = Math.max(1, firstChunkTokens)
  if (!(headChunks > 1)) return first
  return headChunks >= chunks ? outputTokens : first + ((headChunks - 1) * (outputTokens - first)) / (chunks - 1)
}

/** Inputs for the ITL of a request. */
export interface DecodeTimes extends AnswerCounts {
  readonly firstTokenMs: number
  readonly lastTokenMs: number
  /** First arrival after the head. */
  readonly restMs?: number
}

/**
 * The part of an answer that shows its pace: from the first chunk on, or from the first arrival after a head of several
 * chunks, because a delayed first chunk comes at any moment of a step. Null if there is none.
 */
export function pacedPart(request: DecodeTimes): { readonly tokens: number; readonly ms: number } | null {
  const { outputTokens, chunks, headChunks = 1, restMs = Number.NaN, restFrom = 0 } = request
  if (chunks < 2) return null
  const later = outputTokens - Math.max(1, request.firstChunkTokens)
  const isPlain = !(headChunks > 1)
  const tokens = isPlain ? later : (later * (chunks - restFrom)) / (chunks - 1)
  const ms = request.lastTokenMs - (isPlain ? request.firstTokenMs : restMs)
  return tokens > 0 && ms >= leastTokenMs * tokens ? { tokens, ms } : null
}

/** How the chunks of the measured answers were delivered. */
export interface Delivery {
  /** Answers of several chunks. */
  readonly answers: number
  /** Answers whose first chunk came late, because tokens that were generated meanwhile arrived with it. */
  readonly lateFirst: {
    readonly answers: number
    /** Means over these answers: tokens that arrived with the first chunk, and the time that they take at the answer's ITL. */
    readonly tokens: number
    readonly heldMs: number
  } | null
  /** Tokens/s per user by genai-perf's definition, over all answers; null if not defined. */
  readonly plainOutputTokensPerSPerUser: number | null
  /** Answers whose last chunk came late, its distance from the one before, and that of the other chunks; means in ms. */
  readonly lateLast: { readonly answers: number; readonly gapMs: number; readonly otherGapMs: number } | null
  /** After the heads: chunks that arrive together, and the time between such arrivals, ms; null without any. */
  readonly later: { readonly chunks: number; readonly gapMs: number } | null
}
