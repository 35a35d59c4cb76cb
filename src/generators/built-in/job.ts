import type { HistogramState } from '../../metrics/histogram.ts'
import type { RequestErrors } from '../../metrics/measurement.ts'
import type { RequestRecords } from '../../metrics/records.ts'
import type { Api, Arrivals, WindowKind } from '../../model/index.ts'
import type { Control } from './control.ts'
import type { LiveTable } from './live-table.ts'
import type { LookTable } from './look-table.ts'
import type { RequestSet } from './request-set.ts'
import type { SessionPlan, ThinkTime } from './sessions.ts'
import type { Target } from './target.ts'
import type { UsageState } from './usage-state.ts'

/** When requests are sent. */
export type Schedule =
  | {
      readonly kind: 'closed'
      readonly concurrency: number
      /** Number of requests; null if time ends the load. */
      readonly requests: number | null
    }
  | {
      readonly kind: 'open'
      /** Due times in ms after the start, ascending. Shared. */
      readonly dueMs: Float64Array
      /** Maximum requests in flight, beyond which a due request waits; null for no limit. */
      readonly maxConcurrency: number | null
      /** Load before and after those requests; null without any. */
      readonly around: LoadAround | null
      /** Users who replay the sessions one after another; absent if sessions arrive as recorded. */
      readonly users?: number
    }

/** Arrivals that load the server before the measured requests, and until those are answered. */
export interface LoadAround {
  readonly beforePerS: number
  readonly afterPerS: number
  readonly arrivals: Arrivals
  readonly seed: number
  /** This shard's part of the arrivals, if several shards share them. */
  readonly part: number
  readonly parts: number
  /** Length of the window. */
  readonly windowMs: number
}

/** Everything that determines which requests are sent and when, as plain data and shared memory. */
export interface JobLoad {
  readonly api: Api
  readonly streaming: boolean
  readonly requests: RequestSet
  readonly schedule: Schedule
  readonly window: WindowKind
  /** Number of requests sent first without being measured. */
  readonly warmup: number
  /** Index in the request set of the first measured request. */
  readonly firstMeasured: number
  /** Whether the window moves on until TTFT is steady. Its first requests then become warm-up. */
  readonly windowMoves?: boolean
  /** Pause between an answer and the next turn of its conversation. */
  readonly thinkMs: number
  /** Distribution of the pause; default: constant. */
  readonly thinkSpread?: ThinkTime['spread']
  readonly seed?: number
  /** The requests of a replay that follow each answer; absent without any. */
  readonly sessions?: SessionPlan
  /** Header with the session of a request. */
  readonly sessionHeader?: string
  /** Prefix of session names. */
  readonly sessionName?: string
  /** Time after which no new requests are sent; null if the number of requests ends the load. */
  readonly durationMs: number | null
  readonly graceMs: number
  readonly timeoutMs: number
}

/** One thread's part of a measurement. */
export interface Job extends JobLoad {
  readonly target: Target
  readonly control: Control
  /** Where to report ended requests; null if nothing depends on them. */
  readonly table: LookTable | null
  /** Where each thread counts its live observations. */
  readonly live: LiveTable
  /** Index of this thread, and the number of threads. */
  readonly thread: number
  readonly threads: number
}

/** Results of one thread. */
export interface JobResult {
  /** Times relative to the common start. */
  readonly records: RequestRecords
  /** Gaps between chunks. */
  readonly gaps: HistogramState
  /** Gaps between chunks by round from the first measured request on, if the window moves. */
  readonly gapsByRound?: readonly HistogramState[]
  /** Times that first tokens may have waited to be read. */
  readonly waits: HistogramState
  readonly errors: readonly RequestErrors[]
  readonly health: ThreadHealth
  /** Texts of first chunks that may contain several tokens, by row of {@link records}. */
  readonly firstTexts: readonly (readonly [row: number, text: string])[]
  /** Texts of answers for which the server reported no plausible token count. */
  readonly texts: readonly UncountedText[]
  /** Texts of reasoning whose tokens neither usage nor chunks report. */
  readonly reasoning: readonly ReasoningText[]
  /** Answers that lack one of {@link endings}, and the ones they have. */
  readonly unended: readonly (readonly [row: number, ending: number])[]
  /** Rows of answers whose usage claims a prompt without tokens. */
  readonly noPromptTokens: readonly number[]
  /**
   * Index in the request set of each row. Absent if requests are independent, because the reusable part of their
   * prompts then follows from their number.
   */
  readonly indexes?: Uint32Array
  /** Observations about sessions; absent without any. */
  readonly sessions?: SessionsSeen
  /** Requests sent a second time because the server had closed their idle connection. */
  readonly resent: number
}

/** Measured requests of sessions. */
export interface SessionsSeen {
  /** Sessions with a measured request. */
  readonly sessions: number
  /** Requests that waited for an answer, by what determined when they were due. */
  readonly byAnswer: number
  readonly bySchedule: number
  /** Requests that were not sent because an earlier one failed or time ran out. */
  readonly skipped: number
  /** Actual − due send time of requests that waited for an answer. */
  readonly lateness: HistogramState
}

/** An answer for the tokenizer to count. */
export interface UncountedText {
  readonly row: number
  readonly text: string
  /** Length of the whole text as a multiple of this part. */
  readonly times: number
  readonly usage: Exclude<UsageState, 'said'>
  /** Minimum tokens that the server was asked to generate; 0 without a minimum. */
  readonly leastTokens: number
}

/** Reasoning for the tokenizer to count. */
export type ReasoningText = Pick<UncountedText, 'row' | 'text' | 'times'>

/** A thread's own health from the start of the window until its last measured answer. */
export interface ThreadHealth {
  readonly watchedMs: number
  readonly cpuMs: number
  readonly gcMs: number
  /** Time in which the thread was ready to run but had no core; null if the system does not report it. */
  readonly runQueueWaitMs?: number | null
  readonly loopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number }
}
