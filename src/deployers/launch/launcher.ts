import type { FailedPart } from '../../process/process.ts'
import type { RuntimeConfig } from '../nodes/keys.ts'
import type { PlannedFile } from '../planned-file.ts'

/** A program to run somewhere. */
export interface Task {
  /** Unique among those of a deployment: `prefill-0`. */
  readonly name: string
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables in addition to those of its environment. */
  readonly env: { readonly [name: string]: string }
  /** Files that must exist before it starts. */
  readonly files: readonly PlannedFile[]
  /** Working directory there; default: where it is started. */
  readonly cwd?: string
  /**
   * True for a supervisor of services (child processes with separate process groups) that does not restart services
   * that end. The supervisor must end with the first of them. Its services are not visible inside a container.
   */
  readonly supervises?: boolean
  /**
   * Whether it is one of several interdependent ranks. Its end is then a failure, even with exit code 0, unless Fulcrum
   * requested it.
   */
  readonly isRank?: boolean
  /** Folder that it may fill. It is removed with all that is in it when the task ends. */
  readonly folder?: string
}

/** Local command line that runs a task on any machine. */
export interface Launch {
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables of the local program. */
  readonly env: { readonly [name: string]: string }
  /** Files to write on this machine first. */
  readonly files: readonly PlannedFile[]
  /** How to end the task: SIGTERM to the local process group, or the end of the local program's standard input. */
  readonly endsBy: 'signal' | 'stdin'
  /** Detects in a line of the output that one of several tasks has failed. */
  readonly partFailedIn?: (line: string) => FailedPart | null
}

/** Converts tasks to command lines for one place. Pure: it runs nothing. */
export type Launcher = (task: Task) => Launch

/** Runs tasks directly on this machine. */
export const onThisMachine: Launcher = ({ argv, env, files }) => ({ argv, env, files, endsBy: 'signal' })

/** Changes made to every task for its place. */
export interface Wrapping {
  /** Container image settings; null to run without a container. */
  readonly container: RuntimeConfig | null
  /** Distinguishes this deployer's containers from all others. */
  readonly namespace: string
  /** Variables that the task must not see. */
  readonly unset: readonly string[]
}
