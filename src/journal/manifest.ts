/** What a run was asked to measure, with which versions, and how to repeat it. Written once, before anything starts. */
export interface Manifest {
  readonly schema: 1
  readonly sweep: string
  readonly runId: string
  readonly createdAt: string
  readonly sweepFile: string
  /** Text of the sweep file without secrets. */
  readonly sweepText: string
  /** Hash of the original text including secrets. The same file finds its unfinished run by it. */
  readonly sweepId?: string
  /** Command line that repeats this run. */
  readonly command: readonly string[]
  readonly versions: { readonly fulcrum: string; readonly node: string; readonly [system: string]: string }
  readonly git: {
    readonly revision: string
    readonly dirty: boolean
    /** Hash of the uncommitted changes; absent if there are none, and in runs of versions that did not record it. */
    readonly changes?: string
  } | null
  /**
   * SHA-256 of every file besides the sweep file whose content affects results, by absolute path; absent in runs of
   * versions that did not record it.
   */
  readonly files?: { readonly [path: string]: string }
  readonly host: {
    readonly name: string
    readonly os: string
    readonly cpu: string
    readonly cores: number
    readonly memoryGib: number
  }
  /** Ids of the requested points; absent for all points of the sweep file. */
  readonly only?: readonly string[]
  /** Shares of the workloads, by name, that one deployment is to serve together; absent without a mix. */
  readonly mix?: { readonly [workload: string]: number }
  readonly plan: {
    readonly points: number
    readonly deployments: number
    readonly workersStarted: number
    readonly lowerBound: number
    readonly exact: boolean
  }
}

/**
 * Whether `fulcrum run` or a program made the run from a sweep, so that `fulcrum resume` can continue it. Imported runs
 * were not.
 */
export function isOfSweep({ command }: Pick<Manifest, 'command'>): boolean {
  return command[1] === 'run' || command[0] === 'node'
}
