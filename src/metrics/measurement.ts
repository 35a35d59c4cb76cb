import type { Price, SitePower, WindowKind } from '../model/index.ts'
import type { GpusObserved } from './gpu.ts'
import type { Quality } from './quality.ts'
import type { RequestErrors } from './request-errors.ts'

export type { ErrorKind, RequestErrors } from './request-errors.ts'

/**
 * Summary of one metric over the requests (or chunks) of a point. Percentiles follow `metrics/percentiles`; stddev has
 * ddof 0. What the summary of another program doesn't say is null; nothing is null where Fulcrum saw the requests, see
 * {@link WholeDistribution}.
 */
export interface Distribution {
  /** Samples behind every figure here. */
  readonly count: number
  readonly mean: number
  readonly stddev: number | null
  readonly min: number | null
  readonly p1: number | null
  readonly p5: number | null
  readonly p10: number | null
  readonly p25: number | null
  readonly p50: number | null
  readonly p75: number | null
  readonly p90: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly max: number | null
}

/** A summary of samples that were seen: it lacks nothing. */
export type WholeDistribution = { readonly [statistic in keyof Distribution]: number }

/** The generator's view of itself: could its own delay pass for the server's? Null where a generator can't know. */
export interface ClientHealth {
  /** Actual − scheduled send time. */
  readonly sendLatenessMs: WholeDistribution | null
  readonly eventLoopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number } | null
  /** CPU time of the generator during the window divided by (window × threads), 0–1. */
  readonly cpuShare: number | null
  readonly cpuS: number | null
  readonly gcMs: number | null
  /** Time in which threads were ready to run but got no core from the kernel, ms. */
  readonly runQueueWaitMs?: number | null
  /**
   * The same for the thread that waited most, divided by the window, 0–1: the share of answers that arrived while it
   * could not read.
   */
  readonly runQueueShare?: number | null
  readonly threads: number | null
  /** Requests in flight while there were requests to send. */
  readonly inFlight: InFlight | null
  /**
   * Change of the wall clock minus change of the monotonic clock over the window; far from 0 when the wall clock was
   * set.
   */
  readonly clockJumpMs: number | null
  /**
   * The longest that first tokens may have waited unread before their timestamp: the uncertainty of TTFT. Absent where
   * a generator can't tell.
   */
  readonly stampUncertaintyMs?: WholeDistribution | null
  /**
   * Time of the DNS lookup of the endpoint's name, before any latency is counted; absent where a generator can't tell.
   */
  readonly lookupMs?: number
  /**
   * Each process of a load that was split over several. The figures above are then those of the worst process; requests
   * in flight are the sum.
   */
  readonly shards?: readonly ShardHealth[]
}

/** Conversations, or sessions of a trace. */
export interface MeasuredSessions {
  /** Sessions with a measured request. */
  readonly count: number
  /** Measured requests of a session, mean. */
  readonly turns: number
  /** Measured requests that waited for an answer, by what decided when they were due. */
  readonly byAnswer: number
  readonly bySchedule: number
  /** Requests that were not sent, as one before them in their session failed or the time was over. */
  readonly skipped: number
  /** Actual − due send time of requests that waited for an answer. */
  readonly turnLatenessMs: Distribution | null
}

/** What of a trace was sent. */
export interface ReplayedTrace {
  /** Requests of the file. */
  readonly inFile: number
  /** Of which so many were to be replayed. */
  readonly chosen: number
  /** `date` where the times say their own unit. */
  readonly unit: string
  /** Why the unit was taken; null where nothing was guessed. */
  readonly guessed: string | null
  /** What speaks against the unit that was asked for; absent where nothing does. */
  readonly doubt?: string
}

/** One process of a split load. */
export interface ShardHealth {
  /** `this machine`, or the host's name. */
  readonly host: string
  /** Requests that it sent; null when the process was lost. */
  readonly requests: number | null
  /** Its clocks against the coordinator's. The offset of the monotonic clock puts all requests on one time line. */
  readonly clock: {
    readonly offsetMs: number
    /** Largest error of the offset: half of the fastest round trip. */
    readonly uncertaintyMs: number
    readonly wallOffsetMs: number
    /** How much the offset changed from the start to the end of the point. */
    readonly driftMs: number | null
  }
  readonly sendLatenessMs: WholeDistribution | null
  readonly eventLoopDelayMs: ClientHealth['eventLoopDelayMs']
  readonly cpuShare: number | null
  readonly lookupMs?: number
}

/** The health of a generator that reports nothing about itself. */
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

/** When the window became steady, and by which method. */
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

/**
 * Something to know about a measurement: `invalid` takes the point off the frontier, `warning` marks it, `note` only
 * informs.
 */
export interface Finding {
  readonly severity: 'invalid' | 'warning' | 'note'
  /**
   * Machine-readable, kebab-case: `error-share`, `client-late`, `osl-deviation`, `few-samples`, `no-steady-state`, …
   */
  readonly code: string
  /** What happened, with figures and units, and what to do. */
  readonly message: string
}

/** Requests in flight over the part of the window in which there were requests to send. */
export interface InFlight {
  /** Time-weighted mean. */
  readonly mean: number
  /** The most at one moment. */
  readonly max: number
  /** Share of the time in which slots of a closed loop had a request to send and one was in flight, 0–1. */
  readonly held?: number
}

/** A figure that decides when a point stops, at one look. */
export interface FigureAtLook {
  /** Name of the figure as in points.csv; throughput is of the whole deployment. */
  readonly figure: string
  readonly estimate: number | null
  /**
   * Bounds that hold with the confidence of the whole measurement, whichever look ends it; null on a side without a
   * bound.
   */
  readonly low: number | null
  readonly high: number | null
  /** Of an objective. */
  readonly limitMs?: number
  /**
   * `met` and `missed`: certainly on one side of the limit. `precise`: the half-width is within the requested
   * precision. `open`: neither.
   */
  readonly state: 'met' | 'missed' | 'precise' | 'open'
}

/** Why a point stopped when it did, and how well its figures were known. */
export interface Stopping {
  /**
   * `settled`: every deciding figure is certain or precise. `beaten`: the point can no longer win. `max`: no more
   * requests were allowed.
   */
  readonly reason: 'settled' | 'beaten' | 'max'
  /** Measured requests at the look that decided, and the most that were allowed. */
  readonly requests: number
  readonly max: number
  /** Requested relative half-width, 0–1. */
  readonly precision: number
  readonly figures: readonly FigureAtLook[]
}

/**
 * Everything that one run of a generator measured at one point. Times in ms, lengths in tokens, rates per second of the
 * window.
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
  /** The window that the figures describe. Absent in runs from before there was a steady window; those are `whole`. */
  readonly window?: WindowKind
  /**
   * Length of the measurement window: from the first measured request due to the last one sent (`steady`), or to the
   * last answer (`whole`). Where time ends the point, a steady window has that time.
   */
  readonly durationS: number
  /**
   * Requests that the load began with, and that no figure of a steady window is of; absent where a generator doesn't
   * say.
   */
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
    /**
     * Load held until the last measured request had its answer, and until connections were quiet; absent where it
     * isn't.
     */
    readonly holding?: number
    /** Records put together, written and summed up. */
    readonly summary: number
  }
  readonly requests: {
    readonly sent: number
    readonly completed: number
    readonly failed: number
    /** False where a summary doesn't count failures: `failed` is then 0, and `sent` counts the answered requests. */
    readonly isFailedKnown?: false
    /**
     * False where a summary counts no requests at all: the counts are then of what is sent by custom, and shown
     * nowhere.
     */
    readonly isCompletedKnown?: false
  }
  readonly errors: readonly RequestErrors[]
  readonly ttftMs: Distribution | null
  readonly ttstMs: Distribution | null
  readonly itlMs: Distribution | null
  /** Gaps between chunks, over all requests. */
  readonly interChunkMs: Distribution | null
  readonly requestLatencyMs: Distribution | null
  /** Open loop only: latency and TTFT from the actual send time instead of the scheduled one. */
  readonly fromSend: { readonly ttftMs: Distribution | null; readonly requestLatencyMs: Distribution | null } | null
  /** Tokens as counted by the server's `usage`, else by the tokenizer. */
  readonly isl: Distribution | null
  readonly osl: Distribution | null
  /**
   * Tokens/s while a request decodes. Percentiles are of the requests' own speeds (1000 / ITL); the mean is all tokens
   * after first chunks, divided by the time that they took. In generator version 1 the mean was of 1000 / ITL.
   */
  readonly outputTokensPerSPerUser: Distribution | null
  /** ISL / TTFT of each request, tokens/s. */
  readonly prefillTokensPerSPerUser: Distribution | null
  /**
   * Answers of several tokens that arrived in one piece and so have no ITL; absent where a generator reports no single
   * requests.
   */
  readonly onePiece?: number
  /** Null where answers came but nobody counted their tokens. Older journals have 0 there. */
  readonly totals: {
    readonly inputTokens: number | null
    readonly outputTokens: number | null
    readonly chunks: number
  }
  /** Prompt tokens that came from the server's prefix cache; absent where no answer's usage says. */
  readonly promptCache?: PromptCache
  /** Reasoning before the answers and between their parts; absent where no answer showed any and no usage counts any. */
  readonly reasoning?: Reasoning
  /** The same as the server's metrics pages say it; absent where they don't. */
  readonly serverCache?: ServerCache
  /** Speculative decoding as the server's metrics pages say it; absent where they don't. */
  readonly speculation?: Speculation
  /**
   * Tokens of a chunk after the first, mean over all chunks: with speculative decoding about those of a step, where
   * nothing on the way joins or splits chunks. Absent where no answer has two chunks, and from older runs.
   */
  readonly tokensPerChunk?: number
  /**
   * Share of the measured prompts' tokens that one prefix cache without limits could have had, 0–1: shared prefixes and
   * repeated prompts that were sent before, all that was said before in a conversation, and blocks of a trace. Absent
   * where a generator can't tell.
   */
  readonly possibleCachedShare?: number
  /** Null where no time passed. Older journals have 0 there, so read all three rates with `ratesOf`. */
  readonly requestsPerS: number | null
  /** Also null where answers came but nobody counted their tokens. */
  readonly outputTokensPerS: number | null
  readonly inputTokensPerS: number | null
  /** Requests/s that met every SLO; null without an SLO. */
  readonly goodputPerS: number | null
  /** Where the token counts of most answers come from. */
  readonly tokenSource: 'usage' | 'tokenizer' | 'chunks' | 'generator'
  /** How many answers were counted in which way; absent where a generator doesn't say. */
  readonly tokenCounts?: TokenCounts
  /**
   * Models of the deployment's GPUs, as their driver or the publisher of the results names them (`NVIDIA H100 80GB
   * HBM3`); absent where nobody said.
   */
  readonly gpuModels?: readonly string[]
  readonly steady: SteadyState | null
  /**
   * Whether TTFT went one way through the window; null with too few answers, absent in older runs and of external
   * generators.
   */
  readonly ttftTrend?: Trend | null
  readonly client: ClientHealth
  /** Upper bounds of tail percentiles (MLPerf early stopping, 99% confidence); null where there are too few samples. */
  readonly tails?: {
    readonly [metric in 'ttftMs' | 'itlMs' | 'requestLatencyMs']: {
      readonly p95: number | null
      readonly p99: number | null
    }
  }
  /**
   * 95% intervals of percentiles from the requests of this run alone, in the order they were due. Other runs differ by
   * more. Null where requests are too few or depend too much on each other; absent from generators that report no
   * single requests.
   */
  readonly intervals?: {
    readonly [metric in 'ttftMs' | 'itlMs' | 'requestLatencyMs']: PercentileIntervals
  } & {
    /** Absent where no answer shows reasoning. */
    readonly ttfoMs?: PercentileIntervals
  }
  /** Set for a point that stops as soon as its figures are known well enough. */
  readonly stopping?: Stopping
  /** Relative deviation of the mean lengths: (measured − requested) / requested. */
  readonly deviation: {
    readonly isl: number | null
    readonly osl: number | null
    /**
     * For a dataset, whose lengths may differ from the workload's: the deviation from what the requests themselves
     * contained and asked for, which only the server can cause. Absent without a dataset, where {@link isl} and {@link
     * osl} say the same.
     */
    readonly ofRequests?: { readonly isl: number | null; readonly osl: number | null }
  }
  /**
   * The prompts that were sent, warm-up included; absent where a generator doesn't say, in conversations and in traces.
   */
  readonly prompts?: SentPrompts
  /** Figures of each of the mixed models, in the order of the sweep file; absent where all requests are for one. */
  readonly models?: readonly ModelFigures[]
  /** Measured requests by the session that they are of; absent where requests have no sessions. */
  readonly sessions?: MeasuredSessions
  /** The part of a trace that was replayed; absent without a trace. */
  readonly replay?: ReplayedTrace
  /** Scraped server metrics over the window, by source and then metric. */
  readonly server?: ServerMetrics
  /** The deployment's GPUs over the window; absent where none were seen. */
  readonly gpus?: GpusObserved
  /** What a check of quality found after the window, at the load of the point; absent where none was made here. */
  readonly quality?: Quality
  /** `price` and `power` of the sweep file; absent where it has none. */
  readonly price?: Price
  readonly sitePower?: SitePower
  /**
   * Findings of a generator about its own figures, such as a crash that it survived or a summary that contradicts its
   * records.
   */
  readonly remarks?: readonly Finding[]
  /** Files of this point, relative to the run folder. */
  readonly files: readonly string[]
}

/** What the measured requests for one of several models showed. */
export interface ModelFigures {
  readonly name: string
  /** As the sweep file has it. */
  readonly weight: number
  readonly requests: { readonly sent: number; readonly completed: number; readonly failed: number }
  readonly ttftMs: Distribution | null
  readonly itlMs: Distribution | null
  readonly requestLatencyMs: Distribution | null
  readonly osl: Distribution | null
}

/** 95% intervals of two percentiles, ms. */
export interface PercentileIntervals {
  readonly p50: readonly [low: number, high: number] | null
  readonly p95: readonly [low: number, high: number] | null
}

/** Reasoning of the measured answers. */
export interface Reasoning {
  /** Answers, those that showed reasoning, and those of them that ended before a token of the answer itself. */
  readonly answersInAll: number
  readonly answers: number
  readonly unanswered: number
  /**
   * Start → first chunk with a token of the answer itself, ms, of answers that have one: TTFO. Null where reasoning is
   * hidden, as nothing then tells when it ended.
   */
  readonly ttfoMs: Distribution | null
  /** Answers whose reasoning tokens are known. */
  readonly counted: number
  /** Of those answers; a count above that of the whole answer is left out. */
  readonly reasoningTokens: Distribution | null
  readonly answerTokens: Distribution | null
  /** Answers whose usage claims more reasoning tokens than output tokens. */
  readonly impossible: number
}

/** Prompt tokens from the server's prefix cache, over the measured answers whose usage says how many there were. */
export interface PromptCache {
  /** Answers that say so, of all answers. */
  readonly answers: number
  readonly answersInAll: number
  /** Of those answers. */
  readonly cachedTokens: number
  readonly promptTokens: number
  /** Answers that claim more cached tokens than their prompt has: none of these figures can be believed then. */
  readonly impossible: number
  /** The answers of a disaggregated deployment tell what its prefill workers had cached, not its decode workers. */
  readonly isOfPrefill?: true
  /** The same by turn, the first first, and all from the last one on together; absent without later turns. */
  readonly byTurn?: readonly {
    readonly answers: number
    readonly cachedTokens: number
    readonly promptTokens: number
  }[]
}

/** What the server's metrics pages say of its prefix cache through the window; what they don't say is absent. */
export interface ServerCache {
  /** The frontend's count of tokens. */
  readonly frontend?: TokenShare
  /** What the router chose by: tokens that the chosen workers had, and that the best ones had. */
  readonly router?: TokenShare & { readonly bestTokens?: number }
  /** The router's own hit rate, mean over requests, 0–1. */
  readonly routerHitRate?: number
  /** Hit rate of each worker that takes prompts, 0–1, by source (`prefill-0`). */
  readonly workers?: { readonly [source: string]: number }
}

/** How much of what was drafted the model accepted; null where the pages don't say. */
export interface Acceptance {
  /** Accepted over drafted tokens, 0–1. */
  readonly rate: number | null
  /** Tokens of a step, mean: those accepted and the one that the model adds itself, so 1 or more. */
  readonly length: number | null
}

/** Speculative decoding of all workers through the window. */
export interface Speculation extends Acceptance {
  /**
   * `counters`: over every step of the window. `gauges`: the mean of what gauges said at each scrape, which a server
   * refreshes as it likes.
   */
  readonly by: 'counters' | 'gauges'
  /** Share of drafts whose token at each position was accepted, the first first; absent where unknown. */
  readonly byPosition?: readonly number[]
  /** Each worker by source (`decode-0`), where there are several. */
  readonly workers?: { readonly [source: string]: Acceptance }
  /** Set when a server claims to have accepted more tokens than were drafted: no figure can be believed then. */
  readonly isImpossible?: true
}

/** Tokens from the cache, of those of the prompts. */
export interface TokenShare {
  readonly cachedTokens: number
  readonly promptTokens: number
}

/** How the tokens of answers were counted, in numbers of answers. */
export interface TokenCounts {
  readonly usage: number
  readonly tokenizer: number
  /** Chunks stand for tokens: neither the server nor a tokenizer counted. */
  readonly chunks: number
  /** Why usage did not count: it was missing, it came before the end of the text, or it is impossible. */
  readonly missing: number
  readonly early: number
  readonly impossible: number
  /** Answers whose usage claims a prompt without tokens. It is ignored, and the prompt that was sent counts. */
  readonly noPromptTokens: number
}

/** Figures of a run from its empty start to its last answer, defined as those of the {@link Measurement}. */
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

/**
 * Prometheus series scraped during a point, by source (`frontend`, `prefill-0`, …) and then `metric{labels that
 * differ}`.
 */
export interface ServerMetrics {
  readonly [source: string]: { readonly [metric: string]: ServerMetric }
}

/**
 * One server metric over the window.
 * Gauges: mean, max and last of the scrapes. Counters: increase per second (mean, max between two scrapes), increase
 * in all (last). Histograms: mean observation of the window, highest mean between two scrapes, observations (last).
 */
export interface ServerMetric {
  readonly mean: number
  readonly max: number
  readonly last: number
  /**
   * Time series, oldest first, at most 120 samples: ms since the start of the window, and the value of a gauge, the
   * increase per second of a counter or the mean of a histogram since the scrape before. Kept for metrics that show
   * where and how long requests wait (queues, running, KV cache, TTFT, ITL); absent in older runs.
   */
  readonly series?: readonly (readonly [atMs: number, value: number])[]
}

/** The prompts that a point sent. */
export interface SentPrompts {
  /** Prompts available: rows of a dataset, or generated ones. They repeat once all were sent. */
  readonly available: number
  /** Different ones among the requests, warm-up included. */
  readonly distinct: number
  /** Measured requests whose prompt an earlier request of the point had, warm-up included. */
  readonly repeated: number
}

/** A measurement whose rates are known: the simulator counts every token. */
export type CountedMeasurement = Measurement & {
  readonly requestsPerS: number
  readonly outputTokensPerS: number
  readonly inputTokensPerS: number
  readonly totals: { readonly inputTokens: number; readonly outputTokens: number }
}

/** Whether a measurement counts: `ok`, `invalid` by a finding, or `failed` without a measurement. */
export type Status = 'ok' | 'invalid' | 'failed'
