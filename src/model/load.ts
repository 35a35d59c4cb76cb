/**
 * How hard a point is loaded. A closed loop holds a concurrency; an open loop sends on a schedule, however slow the
 * answers are.
 */
export type LoadLevel =
  | { readonly kind: 'concurrency'; readonly concurrency: number }
  | {
      readonly kind: 'rate'
      readonly requestsPerS: number
      readonly arrivals: Arrivals
      /** Most requests in flight: above it, an open loop waits and reports that. Unlimited when absent. */
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
      /** Unit of its times; inferred when absent. */
      readonly unit?: 's' | 'ms' | 'us' | 'ns'
      /** Which part of it is replayed, by its own clock from its first request. */
      readonly fromMs?: number
      readonly untilMs?: number
      /** Share of its sessions that is replayed, 0–1. */
      readonly sample?: number
      /** A closed loop: so many users replay its sessions one after another. Absent: sessions arrive as recorded. */
      readonly users?: number
      readonly maxConcurrency?: number
    }

/** Spacing of open-loop arrivals. Gamma with burstiness 1 is Poisson; below 1 is burstier. */
export type Arrivals =
  | { readonly kind: 'constant' }
  | { readonly kind: 'poisson' }
  | { readonly kind: 'gamma'; readonly burstiness: number }

/** One part of a ramp: the rate goes linearly to `requestsPerS` over `durationS` (a step when `jump`). */
export interface Stage {
  readonly requestsPerS: number
  readonly durationS: number
  readonly jump: boolean
}

/** The API that requests use. */
export type Api = 'chat' | 'completions' | 'responses' | 'embeddings'

/** Whether an API generates tokens: embeddings are one vector, at once. */
export const generates = (api: Api): boolean => api !== 'embeddings'

/** Whether an API takes one text, with no roles around it. */
export const takesText = (api: Api): boolean => api === 'completions' || api === 'embeddings'

/** Sequential stopping: a point is measured until its figures are precise enough. */
export interface AutoRequests {
  /** Measured requests before anything is decided. */
  readonly min: number
  /** Relative half-width of a 95% interval at which a figure is precise, 0–1. */
  readonly precision: number
}

/**
 * What the figures of a point are of. `steady`: requests sent under full load, after an undrained warm-up and with the
 * load held until the last of them has its answer. `whole`: every request of a run that starts empty and drains, as
 * genai-perf counts.
 */
export type WindowKind = 'steady' | 'whole'

/**
 * Ms between the starts of two slots of a closed loop: all at once, the first request would wait in the server's queue
 * while the last is still written.
 */
export const startGapMs = 0.1

/** Connections opened ahead of an open loop without a limit of its own. */
export const openLoopConnections = 64

/** How a point is loaded, in absolute numbers (the sweep file's `10x` resolved against the concurrency). */
export interface Load {
  readonly level: LoadLevel
  readonly api: Api
  readonly streaming: boolean
  /** Measured requests; absent when `durationS` decides. With `auto` the most of them. */
  readonly requests?: number
  /**
   * Ends the point as soon as the figures that decide are certain or precise; absent where `requests` or `durationS`
   * end it.
   */
  readonly auto?: AutoRequests
  /** Measured time in seconds; absent when `requests` decides. */
  readonly durationS?: number
  /** Seconds that requests in flight may still take after `durationS`. */
  readonly graceS: number
  /** Requests sent first and not measured; an open loop sends more until it has been loaded for a request's latency. */
  readonly warmup: number
  /**
   * Asks for the figures of a whole run, whose warm-up is drained first; absent for a steady window where one is
   * possible.
   */
  readonly window?: 'whole'
  /** Distinct prompts. */
  readonly dataset: number
  readonly seed: number
  /** Deadline of one request. */
  readonly timeoutMs: number
  /** Header that carries the session of a request, for routers that keep sessions on a worker. */
  readonly sessionHeader?: string
  /** Fields added to each request body as they are. */
  readonly extra: { readonly [field: string]: import('./deployment.ts').Json }
}

/**
 * The window that a load gets. A closed loop whose warm-up doesn't reach every slot (a conversation being one) measures
 * its first wave, and a trace begins as it was recorded: neither is steady.
 */
export function windowOf(load: Pick<Load, 'level' | 'warmup' | 'window'>, turns = 1): WindowKind {
  if (load.window === 'whole' || load.level.kind === 'trace') return 'whole'
  if (load.level.kind !== 'concurrency') return 'steady'
  return Math.ceil(load.warmup / turns) >= load.level.concurrency ? 'steady' : 'whole'
}

/** Service level objectives; a request is good when it meets the per-request reading of every one. */
export interface Slo {
  readonly ttftP95Ms?: number
  /** First token of the answer, after reasoning. */
  readonly ttfoP95Ms?: number
  readonly itlP95Ms?: number
  readonly requestLatencyP95Ms?: number
}

/** Limits beyond which a measurement is not believed. */
export interface ValidityLimits {
  /** Failed requests over all requests, 0–1. */
  readonly errorShare: number
  /** p99 of actual − scheduled send time. */
  readonly sendLatenessP99Ms: number
  readonly eventLoopDelayP99Ms: number
  /** The generator's CPU over one core per thread, 0–1. */
  readonly cpuShare: number
  /** Share of the window in which a thread of the generator could have run and got no core, 0–1. */
  readonly runQueueShare: number
  /** Relative deviation of the mean ISL / OSL from what was asked, 0–1. */
  readonly islDeviation: number
  readonly oslDeviation: number
  /** Of the time in which a closed loop's slots had a request to send, the share in which one was in flight, 0–1. */
  readonly inFlightShare: number
  /** Requests that no prefill worker of a disaggregated deployment took up, over all, 0–1. */
  readonly prefillBypassShare: number
}

/** Limits that a sweep file need not mention. */
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
