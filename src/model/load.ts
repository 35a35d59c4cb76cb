/**
 * Demand on a deployment at a point. A closed loop keeps a concurrency; an open loop sends on schedule, independent of
 * responses.
 */
export type LoadLevel =
  | { readonly kind: 'concurrency'; readonly concurrency: number }
  | {
      readonly kind: 'rate'
      readonly requestsPerS: number
      readonly arrivals: Arrivals
      /** Maximum requests in flight. At this limit, an open loop waits and reports that. Default: unlimited. */
      readonly maxConcurrency?: number
    }
  | {
      readonly kind: 'stages'
      readonly stages: readonly Stage[]
      readonly arrivals: Arrivals
      readonly maxConcurrency?: number
    }
  | {
      readonly kind: 'trace'
      readonly file: string
      readonly speed: number
      /** Unit of its times; default: inferred. */
      readonly unit?: 's' | 'ms' | 'us' | 'ns'
      /** Time range to replay, relative to its first request. */
      readonly fromMs?: number
      readonly untilMs?: number
      /** Share of its sessions to replay, 0–1. */
      readonly sample?: number
      /**
       * Makes the replay a closed loop with this many users, who replay its sessions one after another. Default:
       * sessions arrive as recorded.
       */
      readonly users?: number
      readonly maxConcurrency?: number
    }

/** Spacing of open-loop arrivals. Gamma with burstiness 1 is Poisson; below 1 is burstier. */
export type Arrivals =
  | { readonly kind: 'constant' }
  | { readonly kind: 'poisson' }
  | { readonly kind: 'gamma'; readonly burstiness: number }

/** One part of a ramp: the rate changes linearly to `requestsPerS` over `durationS` (immediately with `jump`). */
export interface Stage {
  readonly requestsPerS: number
  readonly durationS: number
  readonly jump: boolean
}

/** API of the requests. */
export type Api = 'chat' | 'completions' | 'responses' | 'embeddings'

/** Whether an API generates tokens. Embeddings return one vector at once. */
export const generates = (api: Api): boolean => api !== 'embeddings'

/** Whether an API accepts a single text without roles. */
export const takesText = (api: Api): boolean => api === 'completions' || api === 'embeddings'

/** Sequential stopping: measures a point until its figures are precise enough. */
export interface AutoRequests {
  /** Measured requests before the first decision. */
  readonly min: number
  /** Relative half-width of a 95% interval at which a figure is precise, 0–1. */
  readonly precision: number
}

/** A warm-up that continues until TTFT is steady. */
export interface AutoWarmup {
  /** Maximum requests before the window. */
  readonly max: number
}

/**
 * Window of a point's figures. `steady`: requests sent under full load, after an undrained warm-up. The load continues
 * until the last of them is answered. `whole`: every request of a run that starts empty and drains, as in genai-perf.
 */
export type WindowKind = 'steady' | 'whole'

/**
 * Ms between the starts of two slots of a closed loop. If all started at once, the first request would wait in the
 * server's queue while the last is still being written.
 */
export const startGapMs = 0.1

/** Connections opened in advance for an open loop without a limit. */
export const openLoopConnections = 64

/** Load of a point in absolute numbers (the sweep file's `10x` multiplied by the concurrency). */
export interface Load {
  readonly level: LoadLevel
  readonly api: Api
  readonly streaming: boolean
  /** Measured requests; absent if `durationS` decides. With `auto`, the maximum. */
  readonly requests?: number
  /**
   * Ends the point as soon as the deciding figures are certain or precise; absent if `requests` or `durationS` ends it.
   */
  readonly auto?: AutoRequests
  /** Measured time in seconds; absent if `requests` decides. */
  readonly durationS?: number
  /** Seconds that requests in flight may take after `durationS`. */
  readonly graceS: number
  /**
   * Requests sent before the measured ones. An open loop sends more, until it has been loaded for one request latency.
   */
  readonly warmup: number
  /** Moves the window on until TTFT no longer falls in it; `warmup` is then the minimum. Absent if `warmup` decides. */
  readonly autoWarmup?: AutoWarmup
  /** Requests whole-run figures, with the warm-up drained first; absent for a steady window if possible. */
  readonly window?: 'whole'
  /** Number of distinct prompts. */
  readonly dataset: number
  readonly seed: number
  /** Timeout of a request in ms. */
  readonly timeoutMs: number
  /** Header with the session of a request, for routers that keep sessions on a worker. */
  readonly sessionHeader?: string
  /** Additional fields of every request body. */
  readonly extra: { readonly [field: string]: import('./deployment.ts').Json }
}

/**
 * Window for a load. A closed loop whose warm-up does not reach every slot (or conversation) would measure its first
 * wave, and a trace begins as recorded, so neither is steady.
 */
export function windowOf(load: Pick<Load, 'level' | 'warmup' | 'window'>, turns = 1): WindowKind {
  if (load.window === 'whole' || load.level.kind === 'trace') return 'whole'
  if (load.level.kind !== 'concurrency') return 'steady'
  return Math.ceil(load.warmup / turns) >= load.level.concurrency ? 'steady' : 'whole'
}

/** Maximum requests before the window of a load that is known in advance. */
export function mostWarmup({ warmup, autoWarmup }: Pick<Load, 'warmup' | 'autoWarmup'>): number {
  return autoWarmup?.max ?? warmup
}

/** Service level objectives. A request is good if it meets all of them. */
export interface Slo {
  readonly ttftP95Ms?: number
  /** TTFO: first token of the answer after reasoning. */
  readonly ttfoP95Ms?: number
  readonly itlP95Ms?: number
  readonly requestLatencyP95Ms?: number
}

/** Limits beyond which a measurement is invalid. */
export interface ValidityLimits {
  /** Failed requests divided by all requests, 0–1. */
  readonly errorShare: number
  /** p99 of actual − scheduled send time in ms. */
  readonly sendLatenessP99Ms: number
  readonly eventLoopDelayP99Ms: number
  /** The generator's CPU time per thread, as a share of one core, 0–1. */
  readonly cpuShare: number
  /** Share of the window in which a thread of the generator was ready to run but had no core, 0–1. */
  readonly runQueueShare: number
  /** Relative deviation of the mean ISL / OSL from the requested one, 0–1. */
  readonly islDeviation: number
  readonly oslDeviation: number
  /** Share of the time in which a closed loop's slots with a request to send had one in flight, 0–1. */
  readonly inFlightShare: number
  /** Share of requests that no prefill worker of a disaggregated deployment accepted, 0–1. */
  readonly prefillBypassShare: number
}

/** Default limits. */
export const defaultLimits: ValidityLimits = {
  errorShare: 0.01,
  sendLatenessP99Ms: 20,
  eventLoopDelayP99Ms: 50,
  cpuShare: 0.9,
  runQueueShare: 0.4,
  islDeviation: 0.02,
  oslDeviation: 0.05,
  inFlightShare: 0.9,
  prefillBypassShare: 0.02,
}
