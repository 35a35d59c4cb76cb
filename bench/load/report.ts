/** What a client says of its run. */
export interface ClientReport {
  readonly ttftMeanMs: number
  readonly ttftP99Ms: number
  readonly itlMeanMs: number
  /** First request sent → last one answered. */
  readonly durationS: number
  readonly completed: number
  /** CPU of the client's load itself, where it can tell; NaN otherwise. */
  readonly loadCpuS: number
  /** What it says of its own trustworthiness. */
  readonly says: string
}

/** A client's run with what was seen from outside. */
export interface Run extends ClientReport {
  readonly client: string
  /** Whole command. */
  readonly wallS: number
  readonly cpuS: number
  readonly peakMb: number
  /** What the server recorded. */
  readonly truthMeanMs: number
  readonly truthP99Ms: number
  readonly truthItlMs: number
}

/** A run that gave nothing, and why. */
export interface FailedRun {
  readonly client: string
  readonly failure: string
}

export function failed(run: Run | FailedRun): run is FailedRun {
  return 'failure' in run
}
