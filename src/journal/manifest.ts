/** What was asked, with what, and how to repeat it: written once, before anything starts. */
export interface Manifest {
  readonly schema: 1
  readonly sweep: string
  readonly runId: string
  readonly createdAt: string
  readonly sweepFile: string
  /** The file's text, secrets taken out. */
  readonly sweepText: string
  /** Hash of the file's text as it was, secrets and all: the same file again means the same run to go on with. */
  readonly sweepId?: string
  /** Command line that repeats this run. */
  readonly command: readonly string[]
  readonly versions: { readonly fulcrum: string; readonly node: string; readonly [system: string]: string }
  readonly git: {
    readonly revision: string
    readonly dirty: boolean
    /** Hash of the uncommitted changes; absent without any, and in runs before it was kept. */
    readonly changes?: string
  } | null
  /**
   * SHA-256 of every file besides the sweep file whose content decides an outcome, by absolute path; absent in runs
   * before it was kept.
   */
  readonly files?: { readonly [path: string]: string }
  readonly host: {
    readonly name: string
    readonly os: string
    readonly cpu: string
    readonly cores: number
    readonly memoryGib: number
  }
  /** Ids of the points that were asked for; absent when it was all of the sweep file. */
  readonly only?: readonly string[]
  /** Shares of the workloads, by name, that one deployment is to serve together; absent without. */
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
 * Whether a run was made from a sweep, by `fulcrum run` or by a program, so that `fulcrum resume` can go on with it; an
 * import's was not.
 */
export function isOfSweep({ command }: Pick<Manifest, 'command'>): boolean {
  return command[1] === 'run' || command[0] === 'node'
}
