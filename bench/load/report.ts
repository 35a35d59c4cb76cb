import type { Measurement } from '../../src/metrics/measurement.ts'

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

/** A client's report by the measurement of one of Fulcrum's generators. */
export const reportBy = (measurement: Measurement, says: string): ClientReport => ({
  ttftMeanMs: measurement.ttftMs?.mean ?? Number.NaN,
  ttftP99Ms: measurement.ttftMs?.p99 ?? Number.NaN,
  itlMeanMs: measurement.itlMs?.mean ?? Number.NaN,
  durationS: measurement.durationS,
  completed: measurement.requests.completed,
  loadCpuS: Number.NaN,
  says,
})

/** What a command left. */
export interface Output {
  readonly file: string
  readonly text: string
}

/** A command that is ready to run: what is before and after it is not measured. */
export interface Prepared {
  run(): Promise<Output>
  read(output: Output): ClientReport | Promise<ClientReport>
  close(): Promise<void>
}

/** A client's run with what was seen from outside. */
export interface Run extends ClientReport {
  readonly cell: string
  readonly client: string
  /** Load average of the last minute when it began. */
  readonly loadAverage?: number
  /** Whole command. */
  readonly wallS: number
  readonly cpuS: number
  readonly peakMb: number
  /** CPU of the client's processes between the first request and the last token, as the kernel counts it. */
  readonly spanCpuS: number
  /** Mean time that a woken thread of the client or the server waited for a core meanwhile, ms. */
  readonly clientWaitMs: number
  readonly serverWaitMs: number
  /** What the server recorded. */
  readonly truthMeanMs: number
  readonly truthP99Ms: number
  readonly truthItlMs: number
}

/** A run that gave nothing, and why. */
export interface FailedRun {
  readonly cell: string
  readonly client: string
  readonly failure: string
}

export function failed(run: Run | FailedRun): run is FailedRun {
  return 'failure' in run
}
