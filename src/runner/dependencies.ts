import type { Deployer } from '../deployers/deployer.ts'
import type { LoadGenerator } from '../generators/generator.ts'
import type { OpenRun } from '../journal/index.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import type { Point } from '../model/index.ts'
import type { checkQuality } from '../quality/check.ts'
import type { GpuHosts } from '../telemetry/gpu/watch.ts'
import type { RunProgress } from './progress.ts'

/** Everything that a run needs beside its plan; the effects of the whole loop come in here. */
export interface RunDependencies {
  /** The run's folder and journal, held by this process; the caller closes it. */
  readonly run: Pick<OpenRun, 'folder' | 'journal' | 'attempt'>
  /** Closed by the run, however it ends. */
  readonly deployer: Deployer
  /** Where the GPUs of the running deployment are looked at; nowhere unless given. */
  readonly gpuHosts?: () => GpuHosts
  /** Closed by the run, however it ends. */
  readonly generator: LoadGenerator
  /** What can be said against a measurement. */
  readonly judge: (point: Point, measurement: Measurement) => readonly Finding[]
  /** Checks quality where the sweep asks for it; asks the endpoint unless given. */
  readonly checkQuality?: typeof checkQuality
  /** Ids of points to measure once more, whatever their results so far; none unless given. */
  readonly again?: readonly string[]
  /** Aborted when the user wants to stop: the point in flight is dropped. */
  readonly signal: AbortSignal
  readonly onProgress?: (progress: RunProgress) => void
  /** Monotonic milliseconds; `performance.now` unless given. */
  readonly clockMs?: () => number
  /** Deadline of one point; derived from its load unless given. */
  readonly pointDeadlineMs?: (point: Point) => number
  /** How long a point may go on after a part of its deployment has ended; 20 s unless given. */
  readonly brokenGraceMs?: number
}
