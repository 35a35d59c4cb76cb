import type { HistogramState } from '../../metrics/histogram.ts'
import type { RequestErrors } from '../../metrics/measurement.ts'
import type { RequestRecords } from '../../metrics/records.ts'
import type { Api, Arrivals, WindowKind } from '../../model/index.ts'
import type { Control } from './control.ts'
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
      /** How many, or null when the time decides. */
      readonly requests: number | null
    }
  | {
      readonly kind: 'open'
      /** Due times in ms after the start, ascending. Shared. */
      readonly dueMs: Float64Array
      /** Requests in flight above which a due one waits; null for no limit. */
      readonly maxConcurrency: number | null
      /** Load before and after those; null where there is none. */
      readonly around: LoadAround | null
      /** Users who replay the sessions one after another; absent where those arrive as recorded. */
      readonly users?: number
    }

/** Arrivals that load the server before the measured ones, and on until those are answered. */
export interface LoadAround {
  readonly beforePerS: number
  readonly afterPerS: number
  readonly arrivals: Arrivals
  readonly seed: number
  /** Which of the arrivals are meant, where they are dealt to several shards. */
  readonly part: number
  readonly parts: number
  /** How long the window is. */
  readonly windowMs: number
}

/** All that decides which requests are sent when: plain data and shared memory. */
export interface JobLoad {
  readonly api: Api
  readonly streaming: boolean
  readonly requests: RequestSet
  readonly schedule: Schedule
  readonly window: WindowKind
  /** Requests sent first, and not measured. */
  readonly warmup: number
  /** Index in the request set of the first request that is measured. */
  readonly firstMeasured: number
  /** Between an answer and the next turn of its conversation. */
  readonly thinkMs: number
  /** How it varies; absent: each time the same. */
  readonly thinkSpread?: ThinkTime['spread']
  readonly seed?: number
  /** What comes after which answer in a replay; absent where nothing does. */
  readonly sessions?: SessionPlan
  /** A header that says the session of a request. */
  readonly sessionHeader?: string
  /** What the names of sessions begin with. */
  readonly sessionName?: string
  /** After which nothing new is sent; null when the number of requests decides. */
  readonly durationMs: number | null
  readonly graceMs: number
  readonly timeoutMs: number
}

/** What one thread does for a measurement. */
export interface Job extends JobLoad {
  readonly target: Target
  readonly control: Control
  /** Where requests that have ended are told of; null where nobody decides by them. */
  readonly table: LookTable | null
  /** Which thread this is, of how many. */
  readonly thread: number
  readonly threads: number
}

/** What one thread saw. */
export interface JobResult {
  /** Times from the common start. */
  readonly records: RequestRecords
  /** Gaps between chunks. */
  readonly gaps: HistogramState
  /** How long first tokens may have lain unread. */
  readonly waits: HistogramState
  readonly errors: readonly RequestErrors[]
  readonly health: ThreadHealth
  /** Texts of first chunks that may hold several tokens, by row of {@link records}. */
  readonly firstTexts: readonly (readonly [row: number, text: string])[]
  /** Texts of answers whose tokens the server didn't count, or not as they can be. */
  readonly texts: readonly UncountedText[]
  /** Texts of reasoning whose tokens neither the usage nor the chunks tell. */
  readonly reasoning: readonly ReasoningText[]
  /** Answers that lack one of {@link endings}, and those that they have. */
  readonly unended: readonly (readonly [row: number, ending: number])[]
  /** Rows of answers whose usage says that their prompt had no token. */
  readonly noPromptTokens: readonly number[]
  /**
   * Which request of the set each row was; absent where each stands by itself, and what a cache could have had of it
   * follows from its number.
   */
  readonly indexes?: Uint32Array
  /** What was seen of sessions; absent without any. */
  readonly sessions?: SessionsSeen
  /** Requests that went out a second time, as the server had closed the idle connection that they went out on. */
  readonly resent: number
}

/** Measured requests of sessions. */
export interface SessionsSeen {
  /** Sessions with a measured request. */
  readonly sessions: number
  /** Requests that waited for an answer, by what decided when they were due. */
  readonly byAnswer: number
  readonly bySchedule: number
  /** Requests that were not sent, as one before them failed or the time was over. */
  readonly skipped: number
  /** Actual − due send time of requests that waited for an answer. */
  readonly lateness: HistogramState
}

/** An answer to be counted by the tokenizer. */
export interface UncountedText {
  readonly row: number
  readonly text: string
  /** How many times as long the whole text is. */
  readonly times: number
  readonly usage: Exclude<UsageState, 'said'>
  /** The fewest tokens that the server was told to generate; 0 when it wasn't told. */
  readonly leastTokens: number
}

/** Reasoning to be counted by the tokenizer. */
export type ReasoningText = Pick<UncountedText, 'row' | 'text' | 'times'>

/** What one thread saw of itself from the start of the window until its last measured answer. */
export interface ThreadHealth {
  readonly watchedMs: number
  readonly cpuMs: number
  readonly gcMs: number
  /** Time in which the thread could have run and got no core; null where the system doesn't say. */
  readonly runQueueWaitMs?: number | null
  readonly loopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number }
}
