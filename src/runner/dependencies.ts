import type { Deployer } from '../deployers/deployer.ts'
import type { LoadGenerator } from '../generators/generator.ts'
import type { OpenRun } from '../journal/index.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import type { Point } from '../model/index.ts'
import type { checkQuality } from '../quality/check.ts'
import type { GpuHosts } from '../telemetry/gpu/hosts.ts'
import type { RunProgress } from './progress.ts'

/** Everything that a run needs beside its plan, including all effects of the run loop. */
export interface RunDependencies {
  /** The run's folder and journal, held by this process. The caller closes them. */
  readonly run: Pick<OpenRun, 'folder' | 'journal' | 'attempt'>
  /** Closed by the run, whatever its outcome. */
  readonly deployer: Deployer
  /** Hosts of the GPUs of the running deployment. Default: GPUs are not observed. */
  readonly gpuHosts?: () => GpuHosts
  /** Closed by the run, whatever its outcome. */
  readonly generator: LoadGenerator
  /** Returns the findings on a measurement. */
  readonly judge: (point: Point, measurement: Measurement) => readonly Finding[]
  /** Checks quality if the sweep asks for it. Default: by asking the endpoint. */
  readonly checkQuality?: typeof checkQuality
  /** Ids of points to measure again regardless of their results. Default: none. */
  readonly again?: readonly string[]
  /** Aborted when the user stops the run. The point in flight is dropped. */
  readonly signal: AbortSignal
  readonly onProgress?: (progress: RunProgress) => void
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly clockMs?: () => number
  /** Deadline of one point. Default: derived from its load. */
  readonly pointDeadlineMs?: (point: Point) => number
  /** How long a point may continue after a part of its deployment has ended. Default: 20 s. */
  readonly brokenGraceMs?: number
}
