import type { WindowKind } from '../model/index.ts'

/** Summary of one metric over the requests (or chunks) of a point. Percentiles are linear between ranks, stddev has ddof 0. */
export interface Distribution {
  /** Samples behind every figure here. */
  readonly count: number
  readonly mean: number
  readonly stddev: number
  readonly min: number
  readonly p1: number
  readonly p5: number
  readonly p10: number
  readonly p25: number
  readonly p50: number
  readonly p75: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Why a request did not count. */
export type ErrorKind =
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'http-status'
  | 'broken-stream'
  | 'server-error'
  | 'bad-response'
  | 'short-output'
  | 'cancelled'
  /** This machine had no socket or port left for the connection. */
  | 'no-socket'

/** One kind of failure with an example a person can act on. */
export interface RequestErrors {
  readonly kind: ErrorKind
  readonly count: number
  /** First message seen, secrets removed, at most 500 characters. */
  readonly example: string
}

/** What the generator saw of itself: whether its own delay could be mistaken for the server's. Null where a generator cannot know. */
export interface ClientHealth {
  /** Actual − scheduled send time. */
  readonly sendLatenessMs: Distribution | null
  readonly eventLoopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number } | null
  /** CPU seconds of the generator during the window over (window × threads), 0–1. */
  readonly cpuShare: number | null
  readonly cpuS: number | null
  readonly gcMs: number | null
  /** Time in which threads could have run and the kernel gave them no core: somebody else had it. */
  readonly runQueueWaitMs?: number | null
  /** The same of the thread that waited most, over the window, 0–1: the share of answers that came while it could not look. */
  readonly runQueueShare?: number | null
  readonly threads: number | null
  /** Requests in flight while there was something to send. */
  readonly inFlight: InFlight | null
  /** Wall clock minus monotonic clock over the window; far from 0 when the clock was set. */
  readonly clockJumpMs: number | null
  /** The most that first tokens may have lain unread before their time stamp, hence the uncertainty of TTFT; absent where a generator can't tell. */
  readonly stampUncertaintyMs?: Distribution | null
  /** How long DNS took for the endpoint's name, before any clock ran; absent where a generator can't tell. */
  readonly lookupMs?: number
  /** Each process of a load that was split over several; the figures above are then those of the worst of them, in flight the sum. */
  readonly shards?: readonly ShardHealth[]
}

/** One of the processes that a load was split over. */
export interface ShardHealth {
  /** `this machine`, or the host's name. */
  readonly host: string
  /** Requests that it sent; null when it was lost. */
  readonly requests: number | null
  /** What its monotonic clock, and its wall clock, showed more than the coordinator's; requests are put in one time by the former. */
  readonly clock: {
    readonly offsetMs: number
    /** The offset is at most this far off: half of the quickest exchange. */
    readonly uncertaintyMs: number
    readonly wallOffsetMs: number
    /** How much the offset changed from the start to the end of the point. */
    readonly driftMs: number | null
  }
  readonly sendLatenessMs: Distribution | null
  readonly eventLoopDelayMs: ClientHealth['eventLoopDelayMs']
  readonly cpuShare: number | null
  readonly lookupMs?: number
}

/** The health of a generator that says nothing of itself. */
export const unknownHealth: ClientHealth = {
  sendLatenessMs: null,
  eventLoopDelayMs: null,
  cpuShare: null,
  cpuS: null,
  gcMs: null,
  threads: null,
  inFlight: null,
  clockJumpMs: null,
}

/** When the window became steady, by which method. */
export interface SteadyState {
  readonly method: string
  readonly reached: boolean
  /** Seconds after the first measured request at which the steady part begins. */
  readonly fromS: number
  readonly note?: string
}

/** A drift of one figure through the window. */
export interface Trend {
  /** Change from the first to the last tenth of the window by the Theil–Sen line, as a share of the mean. */
  readonly change: number
  /** Standard normal deviate of the Mann–Kendall test: how far from chance. */
  readonly z: number
}

/** How far a finding goes: `invalid` takes the point off the frontier, `warning` marks it. */
export interface Finding {
  readonly severity: 'invalid' | 'warning' | 'note'
  /** Machine-readable, kebab-case: `error-share`, `client-late`, `osl-deviation`, `few-samples`, `no-steady-state`, … */
  readonly code: string
  /** What happened, with figures and units, and what to do. */
  readonly message: string
}

/** Requests in flight over the window in which there was something to send. */
export interface InFlight {
  /** Time-weighted mean. */
  readonly mean: number
  /** The most at one moment. */
  readonly max: number
  /** Of the time in which slots of a closed loop had a request to send, the share in which one was in flight, 0–1. */
  readonly held?: number
}

/** A figure that decides, as a look finds it. */
export interface FigureAtLook {
  /** Name of the figure as in points.csv; throughput is of the whole deployment. */
  readonly figure: string
  readonly estimate: number | null
  /** Holds with the confidence of the whole measurement, whichever look ends it; null on a side without a bound. */
  readonly low: number | null
  readonly high: number | null
  /** Of an objective. */
  readonly limitMs?: number
  /**
   * `met` and `missed`: surely on one side of its limit. `precise`: the half-width is within what was asked. `open`: neither.
   */
  readonly state: 'met' | 'missed' | 'precise' | 'open'
}

/** Why a point ended where it did, and how well its figures were known then. */
export interface Stopping {
  /** `settled`: all that decides is certain or precise. `beaten`: it can't win any more. `max`: no more requests were allowed. */
  readonly reason: 'settled' | 'beaten' | 'max'
  /** Measured requests at the look that it rests on, and at most. */
  readonly requests: number
  readonly max: number
  /** Relative half-width that was asked for, 0–1. */
  readonly precision: number
  readonly figures: readonly FigureAtLook[]
}

/**
 * Everything that one generator run says of one point. Times in ms, lengths in tokens, rates per second of the window.
 *
 * @example
 * ```ts
 * import type { Measurement } from 'fulcrum'
 *
 * export const failedShare = ({ requests }: Measurement): number | null =>
 *   requests.sent === 0 ? null : requests.failed / requests.sent
 * ```
 */
export interface Measurement {
  readonly generator: { readonly name: string; readonly version: string }
  /** ISO 8601, start of the measured window. */
  readonly startedAt: string
  /** What the figures are of; absent in runs before there was a steady window, which are `whole`. */
  readonly window?: WindowKind
  /**
   * Length of the measurement window: from the first measured request due to the last one sent (`steady`), or to the last answer
   * (`whole`). Where time ends the point, a steady window has that time.
   */
  readonly durationS: number
  /** Requests that the load began with, and that no figure of a steady window is of; absent where a generator doesn't say. */
  readonly warmupRequests?: number
  /** Beside a steady window: warm-up and measured requests together, from the first one due to the last answer. */
  readonly whole?: WholeRun
  /** Whole generator run including start-up, warm-up and summary. */
  readonly wallS: number
  /** Where the rest of {@link wallS} went; absent where a generator doesn't say. */
  readonly besideWindowS?: {
    /** Prompts, request bytes, name look-up, threads or processes. */
    readonly preparing: number
    /** Connections opened ahead. */
    readonly connecting: number
    /** Load, but not measured. */
    readonly warmup: number
    /** Load held until the last measured request had its answer, and until connections were quiet; absent where it isn't. */
    readonly holding?: number
    /** Records put together, written and summed up. */
    readonly summary: number
  }
  readonly requests: {
    readonly sent: number
    readonly completed: number
    readonly failed: number
    /** False where a summary doesn't say how many failed: then `failed` is 0 and `sent` those that were answered. */
    readonly isFailedKnown?: false
  }
  readonly errors: readonly RequestErrors[]
  readonly ttftMs: Distribution | null
  readonly ttstMs: Distribution | null
  readonly itlMs: Distribution | null
  /** Gaps between chunks, all requests together. */
  readonly interChunkMs: Distribution | null
  readonly requestLatencyMs: Distribution | null
  /** Open loop only: latency and TTFT counted from the actual send instead of the scheduled one. */
  readonly fromSend: { readonly ttftMs: Distribution | null; readonly requestLatencyMs: Distribution | null } | null
  /** Tokens counted as the server's `usage` says, else by the tokenizer. */
  readonly isl: Distribution | null
  readonly osl: Distribution | null
  /**
   * Tokens/s while a request decodes: percentiles of the requests' own speeds (1000 / ITL), the mean all tokens after first chunks
   * over all the time that they took. Up to Fulcrum 1's generator version 1 the mean was of 1000 / ITL.
   */
  readonly outputTokensPerSPerUser: Distribution | null
  /** ISL / TTFT of each request, tokens/s. */
  readonly prefillTokensPerSPerUser: Distribution | null
  /** Answers of several tokens that arrived in one piece and have no ITL; absent where a generator gives no requests. */
  readonly onePiece?: number
  /** Null where answers came and nobody counted their tokens; runs of before have 0 there. */
  readonly totals: {
    readonly inputTokens: number | null
    readonly outputTokens: number | null
    readonly chunks: number
  }
  /** Null where no time passed; runs of before have 0 there, so read all three by `ratesOf`. */
  readonly requestsPerS: number | null
  /** Also null where answers came and nobody counted their tokens. */
  readonly outputTokensPerS: number | null
  readonly inputTokensPerS: number | null
  /** Requests/s that met every SLO; null without an SLO. */
  readonly goodputPerS: number | null
  /** Where the token counts of most answers come from. */
  readonly tokenSource: 'usage' | 'tokenizer' | 'chunks' | 'generator'
  /** How many answers were counted how; absent where a generator doesn't say. */
  readonly tokenCounts?: TokenCounts
  readonly steady: SteadyState | null
  /** Whether TTFT went one way through the window; null with too few answers, absent in older runs and of external generators. */
  readonly ttftTrend?: Trend | null
  readonly client: ClientHealth
  /** Honest upper bounds of tail percentiles (MLPerf early stopping, 99% confidence); null where there are too few samples. */
  readonly tails?: {
    readonly [metric in 'ttftMs' | 'itlMs' | 'requestLatencyMs']: {
      readonly p95: number | null
      readonly p99: number | null
    }
  }
  /**
   * 95% intervals of percentiles from the requests of this run alone, in the order they were due: what another run would show differs by more.
   * Null where they are too few, or depend on each other too much, for the interval; absent from generators that give no requests.
   */
  readonly intervals?: {
    readonly [metric in 'ttftMs' | 'itlMs' | 'requestLatencyMs']: {
      readonly p50: readonly [low: number, high: number] | null
      readonly p95: readonly [low: number, high: number] | null
    }
  }
  /** Of a point that stops by what it has measured. */
  readonly stopping?: Stopping
  /** Asked − got, relative: (got − asked) / asked of the means. */
  readonly deviation: {
    readonly isl: number | null
    readonly osl: number | null
    /**
     * Of a dataset, whose lengths need not be the workload's: against what the very requests held and asked for, so that what is
     * left is the server's doing. Absent without a dataset, where that is what {@link isl} and {@link osl} say.
     */
    readonly ofRequests?: { readonly isl: number | null; readonly osl: number | null }
  }
  /** What was really sent, warm-up included; absent where a generator doesn't say, in conversations and traces. */
  readonly prompts?: SentPrompts
  /** Server metrics over the window, by source then metric: mean and max of what was scraped. */
  readonly server?: ServerMetrics
  /** What a generator says against its own figures (a crash survived, a summary that its record doesn't bear out); the judge passes it on. */
  readonly remarks?: readonly Finding[]
  /** Files of this point, relative to the run folder. */
  readonly files: readonly string[]
}

/** How the tokens of answers were counted, in answers. */
export interface TokenCounts {
  readonly usage: number
  readonly tokenizer: number
  /** Chunks stand for tokens: neither the server nor a tokenizer counted. */
  readonly chunks: number
  /** Why not by usage: none came, it came before the last of the text, or it can't be. */
  readonly missing: number
  readonly early: number
  readonly impossible: number
  /** Answers whose usage says that their prompt had no token: not believed, what was sent counts. */
  readonly noPromptTokens: number
}

/** Figures of a run from its empty start to its last answer; as the {@link Measurement}'s own. */
export type WholeRun = Pick<
  Measurement,
  | 'durationS'
  | 'requests'
  | 'ttftMs'
  | 'itlMs'
  | 'requestLatencyMs'
  | 'requestsPerS'
  | 'inputTokensPerS'
  | 'outputTokensPerS'
>

/** Prometheus series scraped through a point, by source (`frontend`, `prefill-0`, …) then `metric{labels that differ}`. */
export interface ServerMetrics {
  readonly [source: string]: { readonly [metric: string]: ServerMetric }
}

/**
 * What a series of the server's did through the window.
 * Gauges: mean, max and last of the scrapes. Counters: increase per second (mean, max between two scrapes), increase
 * in all (last). Histograms: mean observation of the window, highest mean between two scrapes, observations (last).
 */
export interface ServerMetric {
  readonly mean: number
  readonly max: number
  readonly last: number
  /**
   * How it went, oldest first, at most 120 samples: ms since the window began, and the gauge's value, or the counter's
   * increase per second or the histogram's mean since the scrape before. Straight lines between samples draw it. Kept of
   * what tells where requests wait and how long (queues, running, KV cache, TTFT, ITL); absent in runs before it was kept.
   */
  readonly series?: readonly (readonly [atMs: number, value: number])[]
}

/** Prompts of a point by what was sent. */
export interface SentPrompts {
  /** Prompts that there were to send: rows of a dataset, or as many as were made. Each is sent again when all have been. */
  readonly available: number
  /** Different ones among the requests, warm-up included. */
  readonly distinct: number
  /** Measured requests whose prompt an earlier request of the point had, one of the warm-up or not. */
  readonly repeated: number
}

/** A measurement whose rates are known: the simulator counts every token. */
export type CountedMeasurement = Measurement & {
  readonly requestsPerS: number
  readonly outputTokensPerS: number
  readonly inputTokensPerS: number
  readonly totals: { readonly inputTokens: number; readonly outputTokens: number }
}

/** A measurement and what can be said of it. */
export type Status = 'ok' | 'invalid' | 'failed'
