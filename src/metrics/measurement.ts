import type { Price, SitePower, WindowKind } from '../model/index.ts'
import type { Delivery } from './arrivals.ts'
import type { GpusObserved } from './gpu.ts'
import type { Quality } from './quality.ts'
import type { RequestErrors } from './request-errors.ts'

export type { ErrorKind, RequestErrors } from './request-errors.ts'

/**
 * Summary of one metric over the requests (or chunks) of a point. Percentiles follow `metrics/percentiles`; stddev has
 * ddof 0. Values missing from another program's summary are null. If Fulcrum saw the requests, none is null, see {@link
 * WholeDistribution}.
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

/** A summary computed from the samples themselves, so that no value is missing. */
export type WholeDistribution = { readonly [statistic in keyof Distribution]: number }

/**
 * The generator's own health, which shows whether its delay could be mistaken for the server's. Null if a generator
 * does not report it.
 */
export interface ClientHealth {
  /** Actual − scheduled send time. */
  readonly sendLatenessMs: WholeDistribution | null
  readonly eventLoopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number } | null
  /** CPU time of the generator during the window divided by (window × threads), 0–1. */
  readonly cpuShare: number | null
  readonly cpuS: number | null
  readonly gcMs: number | null
  /** Time in which threads were ready to run but had no core, ms. */
  readonly runQueueWaitMs?: number | null
  /**
   * The same for the thread that waited most, divided by the window, 0–1: the share of answers that arrived while it
   * could not read.
   */
  readonly runQueueShare?: number | null
  readonly threads: number | null
  /** Requests in flight while requests remained to be sent. */
  readonly inFlight: InFlight | null
  /**
   * Change of the wall clock minus change of the monotonic clock over the window; far from 0 when the wall clock was
   * set.
   */
  readonly clockJumpMs: number | null
  /**
   * Maximum time that first tokens may have waited unread before they got their timestamps: the uncertainty of TTFT.
   * Absent if unknown.
   */
  readonly stampUncertaintyMs?: WholeDistribution | null
  /** Duration of the DNS lookup of the endpoint, which no latency includes; absent if unknown. */
  readonly lookupMs?: number
  /**
   * Processes of a load that was split over several. The values above are then those of the worst process, and requests
   * in flight are the sum.
   */
  readonly shards?: readonly ShardHealth[]
}

/** Conversations, or sessions of a trace. */
export interface MeasuredSessions {
  /** Sessions with a measured request. */
  readonly count: number
  /** Mean number of measured requests per session. */
  readonly turns: number
  /** Measured requests that waited for an answer, by what determined when they were due. */
  readonly byAnswer: number
  readonly bySchedule: number
  /** Requests that were not sent because an earlier request of their session failed or time ran out. */
  readonly skipped: number
  /** Actual − due send time of requests that waited for an answer. */
  readonly turnLatenessMs: Distribution | null
}

/** Sent part of a trace. */
export interface ReplayedTrace {
  /** Requests in the file. */
  readonly inFile: number
  /** Requests chosen for replay. */
  readonly chosen: number
  /** `date` if the timestamps specify their own unit. */
  readonly unit: string
  /** Reason for choosing the unit; null if it was not guessed. */
  readonly guessed: string | null
  /** Evidence against the unit that the user chose; absent if there is none. */
  readonly doubt?: string
}

/** One process of a split load. */
export interface ShardHealth {
  /** `this machine`, or the host's name. */
  readonly host: string
  /** Requests that it sent; null if the process was lost. */
  readonly requests: number | null
  /**
   * Its clocks compared with the coordinator's. The offset of the monotonic clock places all requests on one time line.
   */
  readonly clock: {
    readonly offsetMs: number
    /** Maximum error of the offset: half of the fastest round trip. */
    readonly uncertaintyMs: number
    readonly wallOffsetMs: number
    /** Change of the offset from the start to the end of the point. */
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

/** Drift of one figure through the window. */
export interface Trend {
  /** Change from the first to the last tenth of the window by the Theil–Sen line, as a share of the mean. */
  readonly change: number
  /** Standard normal deviate of the Mann–Kendall test: how far from chance. */
  readonly z: number
}

/**
 * A statement about a measurement: `invalid` removes the point from the frontier, `warning` marks it, `note` only
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

/** Requests in flight while requests remained to be sent. */
export interface InFlight {
  /** Time-weighted mean. */
  readonly mean: number
  /** Maximum at any moment. */
  readonly max: number
  /** Share of the time in which a closed loop's slots with a request to send had one in flight, 0–1. */
  readonly held?: number
}

/** A figure that decides when a point stops, at one look. */
export interface FigureAtLook {
  /** Name of the figure as in points.csv; throughput is of the whole deployment. */
  readonly figure: string
  readonly estimate: number | null
  /** Bounds with the confidence of the whole measurement, whichever look ends it; null for a side without a bound. */
  readonly low: number | null
  readonly high: number | null
  /** Limit of an objective. */
  readonly limitMs?: number
  /**
   * `met` and `missed`: certainly on one side of the limit. `precise`: the half-width is within the requested
   * precision. `open`: none of these.
   */
  readonly state: 'met' | 'missed' | 'precise' | 'open'
}

/** Why a point stopped, and how precisely its figures were known. */
export interface Stopping {
  /**
   * `settled`: every deciding figure is certain or precise. `beaten`: the point can no longer win. `max`: it reached
   * the maximum number of requests.
   */
  readonly reason: 'settled' | 'beaten' | 'max'
  /** Measured requests at the deciding look, and the maximum. */
  readonly requests: number
  readonly max: number
  /** Requested relative half-width, 0–1. */
  readonly precision: number
  readonly figures: readonly FigureAtLook[]
}

/** How `warmup: auto` found its window. */
export interface FoundWarmUp {
  /** `steady`: TTFT no longer fell in the window. `max`: it still did when the warm-up reached its maximum. */
  readonly reason: 'steady' | 'max'
  /** Requests before the window, and the maximum. */
  readonly requests: number
  readonly max: number
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
  /** Window of the figures. Absent in runs from before steady windows existed, which are `whole`. */
  readonly window?: WindowKind
  /**
   * Length of the measurement window: from the first measured request due to the last one sent (`steady`), or to the
   * last answer (`whole`). If time ends the point, a steady window has that duration.
   */
  readonly durationS: number
  /** Requests at the start of the load that a steady window's figures exclude; absent if unknown. */
  readonly warmupRequests?: number
  /**
   * In addition to a steady window: warm-up and measured requests together, from the first one due to the last answer.
   */
  readonly whole?: WholeRun
  /** Whole generator run including start-up, warm-up and summary. */
  readonly wallS: number
  /** Breakdown of the rest of {@link wallS}; absent if unknown. */
  readonly besideWindowS?: {
    /** Building prompts and requests, resolving names, starting threads or processes. */
    readonly preparing: number
    /** Opening connections in advance. */
    readonly connecting: number
    /** Load before the window. */
    readonly warmup: number
    /** Maintaining the load until the last measured answer arrived and connections were idle; absent without it. */
    readonly holding?: number
    /** Combining, writing and summarizing records. */
    readonly summary: number
  }
  readonly requests: {
    readonly sent: number
    readonly completed: number
    readonly failed: number
    /** False if a summary does not count failures: `failed` is then 0, and `sent` counts the answered requests. */
    readonly isFailedKnown?: false
    /** False if a summary counts no requests at all. The counts are then usual ones, and are not shown. */
    readonly isCompletedKnown?: false
  }
  readonly errors: readonly RequestErrors[]
  readonly ttftMs: Distribution | null
  readonly ttstMs: Distribution | null
  readonly itlMs: Distribution | null
  /** Times between chunks, over all requests. */
  readonly interChunkMs: Distribution | null
  readonly requestLatencyMs: Distribution | null
  /** Open loop only: latency and TTFT from the actual send time instead of the scheduled one. */
  readonly fromSend: { readonly ttftMs: Distribution | null; readonly requestLatencyMs: Distribution | null } | null
  /** Tokens according to the server's `usage`, otherwise counted by the tokenizer. */
  readonly isl: Distribution | null
  readonly osl: Distribution | null
  /**
   * Tokens/s while a request decodes. Percentiles are of the requests' own speeds (1000 / ITL); the mean is the number
   * of tokens after the heads of answers divided by the time they took. In generator version 1, it was the mean of
   * 1000 / ITL; in version 2, tokens that arrived together with the first chunk counted as later ones.
   */
  readonly outputTokensPerSPerUser: Distribution | null
  /** ISL / TTFT of each request, tokens/s. */
  readonly prefillTokensPerSPerUser: Distribution | null
  /**
   * Answers of several tokens that arrived in one piece and so have no ITL; absent if a generator does not report
   * individual requests.
   */
  readonly onePiece?: number
  /** How chunks were delivered; absent if a generator does not record when each arrived, and in older runs. */
  readonly delivery?: Delivery
  /** Null if answers arrived but their tokens were not counted. Older journals have 0 here. */
  readonly totals: {
    readonly inputTokens: number | null
    readonly outputTokens: number | null
    readonly chunks: number
  }
  /** Prompt tokens served from the server's prefix cache; absent if no answer's usage reports them. */
  readonly promptCache?: PromptCache
  /** Reasoning before answers and between their parts; absent if no answer showed any and no usage counts it. */
  readonly reasoning?: Reasoning
  /** Prefix cache according to the server's metrics; absent if they do not report it. */
  readonly serverCache?: ServerCache
  /** Speculative decoding according to the server's metrics; absent if they do not report it. */
  readonly speculation?: Speculation
  /**
   * Mean tokens per chunk after the first. With speculative decoding, roughly the tokens per step, unless something
   * between server and client joins or splits chunks. Absent if no answer has two chunks, and in older runs.
   */
  readonly tokensPerChunk?: number
  /**
   * Share of the measured prompts' tokens that an unlimited prefix cache could have served, 0–1: shared prefixes and
   * repeated prompts that were sent before, earlier turns of conversations, and blocks of a trace. Absent if unknown.
   */
  readonly possibleCachedShare?: number
  /** Null if the window has no length. Older journals have 0 here, so read all three rates with `ratesOf`. */
  readonly requestsPerS: number | null
  /** Also null if answers arrived but their tokens were not counted. */
  readonly outputTokensPerS: number | null
  readonly inputTokensPerS: number | null
  /** Requests/s that met the whole SLO; null without an SLO. */
  readonly goodputPerS: number | null
  /** Source of most answers' token counts. */
  readonly tokenSource: 'usage' | 'tokenizer' | 'chunks' | 'generator'
  /** Number of answers by the way their tokens were counted; absent if unknown. */
  readonly tokenCounts?: TokenCounts
  /**
   * GPU models of the deployment, named by their driver or by the publisher of the results (`NVIDIA H100 80GB HBM3`);
   * absent if unknown.
   */
  readonly gpuModels?: readonly string[]
  readonly steady: SteadyState | null
  /** Trend of TTFT through the window; null with too few answers, absent in older runs and from external generators. */
  readonly ttftTrend?: Trend | null
  readonly client: ClientHealth
  /** Upper bounds of tail percentiles (MLPerf early stopping, 99% confidence); null with too few samples. */
  readonly tails?: {
    readonly [metric in 'ttftMs' | 'itlMs' | 'requestLatencyMs']: {
      readonly p95: number | null
      readonly p99: number | null
    }
  }
  /**
   * 95% intervals of percentiles from the requests of this run alone, in order of their due times. Other runs differ by
   * more. Null if requests are too few or depend too much on each other; absent from generators that do not report
   * individual requests.
   */
  readonly intervals?: {
    readonly [metric in 'ttftMs' | 'itlMs' | 'requestLatencyMs']: PercentileIntervals
  } & {
    /** Absent if no answer shows reasoning. */
    readonly ttfoMs?: PercentileIntervals
  }
  /** Present for a point that stops as soon as its figures are known precisely enough. */
  readonly stopping?: Stopping
  /** Present for a point with `warmup: auto`. */
  readonly warmUp?: FoundWarmUp
  /** Relative deviation of the mean lengths: (measured − requested) / requested. */
  readonly deviation: {
    readonly isl: number | null
    readonly osl: number | null
    /**
     * For a dataset, whose lengths may differ from the workload's: deviation from the lengths that the requests
     * contained and asked for, which only the server can cause. Absent without a dataset, because {@link isl} and
     * {@link osl} are then the same.
     */
    readonly ofRequests?: { readonly isl: number | null; readonly osl: number | null }
  }
  /** Prompts that were sent, including warm-up; absent if unknown, in conversations and in traces. */
  readonly prompts?: SentPrompts
  /** Figures of each mixed model in sweep file order; absent with one model. */
  readonly models?: readonly ModelFigures[]
  /** Measured requests by session; absent if requests have no sessions. */
  readonly sessions?: MeasuredSessions
  /** The part of a trace that was replayed; absent without a trace. */
  readonly replay?: ReplayedTrace
  /** Scraped server metrics over the window, by source and then metric. */
  readonly server?: ServerMetrics
  /** The deployment's GPUs over the window; absent if none were observed. */
  readonly gpus?: GpusObserved
  /** Result of a quality check after the window, at the load of the point; absent without one. */
  readonly quality?: Quality
  /** `price` and `power` of the sweep file; absent without them. */
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

/** Figures of the measured requests for one of several models. */
export interface ModelFigures {
  readonly name: string
  /** Weight from the sweep file. */
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
  /**
   * Total answers, those that showed reasoning, and those of the latter that ended before the first token of the answer
   * itself.
   */
  readonly answersInAll: number
  readonly answers: number
  readonly unanswered: number
  /**
   * TTFO in ms: from the start to the first chunk with a token of the answer itself, over answers that have one. Null
   * if reasoning is hidden, because its end is then unknown.
   */
  readonly ttfoMs: Distribution | null
  /** Answers with a known number of reasoning tokens. */
  readonly counted: number
  /** Over those answers; counts above the tokens of the whole answer are ignored. */
  readonly reasoningTokens: Distribution | null
  readonly answerTokens: Distribution | null
  /** Answers whose usage claims more reasoning tokens than output tokens. */
  readonly impossible: number
}

/** Prompt tokens served from the prefix cache, over the measured answers whose usage reports them. */
export interface PromptCache {
  /** Answers that report them, of all answers. */
  readonly answers: number
  readonly answersInAll: number
  /** Over those answers. */
  readonly cachedTokens: number
  readonly promptTokens: number
  /**
   * Answers that claim more cached tokens than their prompt has. If there are any, none of these figures can be
   * trusted.
   */
  readonly impossible: number
  /**
   * True if the answers of a disaggregated deployment report the cache of its prefill workers, not of its decode
   * workers.
   */
  readonly isOfPrefill?: true
  /** The same by turn, in order, with all turns from the last entry on combined; absent without later turns. */
  readonly byTurn?: readonly {
    readonly answers: number
    readonly cachedTokens: number
    readonly promptTokens: number
  }[]
}

/** The server's prefix cache during the window according to its metrics; values that they lack are absent. */
export interface ServerCache {
  /** Tokens counted by the frontend. */
  readonly frontend?: TokenShare
  /** Basis of the router's choices: cached tokens on the chosen workers and on the best ones. */
  readonly router?: TokenShare & { readonly bestTokens?: number }
  /** The router's own hit rate: mean over requests, 0–1. */
  readonly routerHitRate?: number
  /** Hit rate of each worker that receives prompts, 0–1, by source (`prefill-0`). */
  readonly workers?: { readonly [source: string]: number }
}

/** Acceptance of draft tokens; null if the metrics do not report it. */
export interface Acceptance {
  /** Accepted tokens divided by drafted tokens, 0–1. */
  readonly rate: number | null
  /** Mean tokens per step: accepted ones plus the one that the model adds, so at least 1. */
  readonly length: number | null
}

/** Speculative decoding of all workers during the window. */
export interface Speculation extends Acceptance {
  /**
   * `counters`: over every step of the window. `gauges`: mean of gauges over the scrapes; servers update them at
   * arbitrary times. `answers`: sum of the values in answers to measured requests, without any metric of workers.
   */
  readonly by: 'counters' | 'gauges' | 'answers'
  /** Share of drafts whose token at each position was accepted, in order; absent if unknown. */
  readonly byPosition?: readonly number[]
  /** Each worker by source (`decode-0`), if there are several. */
  readonly workers?: { readonly [source: string]: Acceptance }
  /** Single requests, if their answers report it. */
  readonly requests?: RequestSpeculation
  /** True if a server claims more accepted tokens than drafted ones: no value can be trusted then. */
  readonly isImpossible?: true
}

/** Speculative decoding of measured requests according to their own answers. */
export interface RequestSpeculation extends Acceptance {
  /** Number of answers that report it. */
  readonly answers: number
  /** Tokens per step of each request. */
  readonly lengths: Distribution | null
}

/** Cached tokens, and all tokens of the prompts. */
export interface TokenShare {
  readonly cachedTokens: number
  readonly promptTokens: number
}

/** Numbers of answers by the way their tokens were counted. */
export interface TokenCounts {
  readonly usage: number
  readonly tokenizer: number
  /** Chunks counted as tokens, because neither the server nor a tokenizer counted. */
  readonly chunks: number
  /** Why usage was not used: it was missing, it came before the end of the text, or it is impossible. */
  readonly missing: number
  readonly early: number
  readonly impossible: number
  /** Answers whose usage claims a prompt without tokens. It is ignored in favor of the prompt that was sent. */
  readonly noPromptTokens: number
}

/** Figures of a run from its empty start to its last answer, defined as in {@link Measurement}. */
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
 * One server metric over the window. Gauges: mean, max and last of the scrapes. Counters: increase per second (mean,
 * max between two scrapes), total increase (last). Histograms: mean observation of the window, highest mean between two
 * scrapes, number of observations (last).
 */
export interface ServerMetric {
  readonly mean: number
  readonly max: number
  readonly last: number
  /**
   * Time series, oldest first, at most 120 samples: ms since the start of the window, and the value of a gauge, the
   * increase per second of a counter or the mean of a histogram since the previous scrape. Kept for metrics that show
   * where and how long requests wait (queues, running, KV cache, TTFT, ITL); absent in older runs.
   */
  readonly series?: readonly (readonly [atMs: number, value: number])[]
}

/** Prompts that a point sent. */
export interface SentPrompts {
  /** Available prompts: rows of a dataset, or generated ones. They repeat once all have been sent. */
  readonly available: number
  /** Number of different prompts among the requests, including warm-up. */
  readonly distinct: number
  /** Measured requests with the same prompt as an earlier request of the point, including warm-up. */
  readonly repeated: number
}

/** A measurement with known rates: the simulator counts every token. */
export type CountedMeasurement = Measurement & {
  readonly requestsPerS: number
  readonly outputTokensPerS: number
  readonly inputTokensPerS: number
  readonly totals: { readonly inputTokens: number; readonly outputTokens: number }
}

/** Status of a measurement: `ok`, `invalid` due to a finding, or `failed` without a measurement. */
export type Status = 'ok' | 'invalid' | 'failed'
