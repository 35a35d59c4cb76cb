import type { Load } from '../model/index.ts'
import { type LengthRange, lengthRange } from './length-range.ts'
import { replayedTrace } from './replay.ts'
import { reusableShare } from './trace-reuse.ts'
import { isBranched } from './trace-sessions.ts'
import { nameOf, type TraceTime } from './trace-time.ts'

/** Facts about the replayed part of a trace. Lengths in tokens. */
export interface TraceSummary {
  readonly file: string
  /** Number of replayed requests, and of requests in the file. */
  readonly count: number
  readonly inFile: number
  /** Null if no request waits for another. */
  readonly sessions: number | null
  /** Whether requests of a session run in parallel, or wait for several. */
  readonly branched: boolean
  readonly time: TraceTime
  /** From the first to the last of those requests, as recorded. */
  readonly spanMs: number
  readonly isl: LengthRange
  readonly osl: LengthRange
  /** Share of the prompts' tokens that an unlimited prefix cache could reuse, 0–1; null without hash ids. */
  readonly reusable: number | null
  /** Requests with more tokens than the limit. */
  longerThan(limit: number, tokensOf: (isl: number, osl: number) => number): LongRequests
}

/** Requests that are too long. */
export interface LongRequests {
  readonly count: number
  /** Tokens of the longest of them. */
  readonly most: number
  /** Position of the first of them, `file:line`. */
  readonly first: string
}

/**
 * Reads a trace completely and summarizes the replayed part.
 *
 * @param most maximum number of replayed requests
 * @throws FulcrumError as {@link replayedTrace}
 */
export async function summariseTrace(
  level: Extract<Load['level'], { kind: 'trace' }>,
  { seed, most, signal }: { readonly seed: number; readonly most: number; readonly signal: AbortSignal },
): Promise<TraceSummary> {
  const trace = await replayedTrace(level, seed, signal)
  const { file, time, unanswered, hashIds, lines } = trace
  const count = Math.min(trace.count, most)
  const [input, output] = [trace.inputTokens.subarray(0, count), trace.outputTokens.subarray(0, count)]
  return {
    file,
    count,
    inFile: (trace.outOf ?? trace.count) + unanswered,
    sessions: trace.sessions === undefined ? null : new Set(trace.sessions.of.subarray(0, count)).size,
    branched: trace.sessions !== undefined && isBranched(trace.sessions),
    time,
    spanMs: (trace.atMs[count - 1] ?? 0) - (trace.atMs[0] ?? 0),
    isl: lengthRange(input),
    osl: lengthRange(output),
    reusable: hashIds === null ? null : reusableShare({ ...trace, count }),
    longerThan(limit, tokensOf) {
      const found = { count: 0, most: 0, first: file }
      for (let row = 0; row < count; row++) {
        const tokens = tokensOf(input[row] ?? 0, output[row] ?? 0)
        if (tokens <= limit) continue
        if (found.count === 0 && lines !== undefined) found.first = `${file}:${lines[row]}`
        found.count += 1
        found.most = Math.max(found.most, tokens)
      }
      return found
    },
  }
}

/** Message about a guessed or doubtful time unit; null if it is certain. */
export function doubtedUnit({
  time,
}: Pick<TraceSummary, 'time'>): { readonly wrong: string; readonly right: string } | null {
  if (time.unit === 'date') return null
  if (time.doubt !== undefined)
    return {
      wrong: `the timestamps of the trace are read as ${nameOf(time.unit)}, but ${time.doubt}`,
      right: 'check unit',
    }
  if (time.guessed === null) return null
  return {
    wrong: `the timestamps of the trace are read as ${nameOf(time.unit)}, because ${time.guessed}`,
    right: `write unit: ${time.unit} to be sure`,
  }
}
