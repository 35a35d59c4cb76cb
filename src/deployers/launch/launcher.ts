import type { FailedPart } from '../../process/process.ts'
import type { RuntimeConfig } from '../nodes/keys.ts'
import type { PlannedFile } from '../planned-file.ts'

/** A program that is to run somewhere. */
export interface Task {
  /** Unique among those of a deployment: `prefill-0`. */
  readonly name: string
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables beyond those that the place itself has. */
  readonly env: { readonly [name: string]: string }
  /** Files that have to be there before it starts. */
  readonly files: readonly PlannedFile[]
  /** Folder that it runs in, there; where it is started when absent. */
  readonly cwd?: string
  /**
   * It supervises services, children with process groups of their own, and starts none again that ends: it is to end
   * with the first of them. Not seen inside of a container.
   */
  readonly supervises?: boolean
  /** It is one rank of several that need each other: its end is a failure, even with exit code 0, unless it was told. */
  readonly isRank?: boolean
}

/** The local command line that runs a task, wherever that is. */
export interface Launch {
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables of the local program. */
  readonly env: { readonly [name: string]: string }
  /** Files to write on this machine first. */
  readonly files: readonly PlannedFile[]
  /**
   * How the task is asked to end: SIGTERM to the local process group, or the end of the local program's standard input.
   */
  readonly endsBy: 'signal' | 'stdin'
  /** Tells from a line of the output that one of several tasks has failed. */
  readonly partFailedIn?: (line: string) => FailedPart | null
}

/** How a command is run in one place. Pure: it makes command lines, and runs none. */
export type Launcher = (task: Task) => Launch

/** Runs tasks as they are, on this machine. */
export const onThisMachine: Launcher = ({ argv, env, files }) => ({ argv, env, files, endsBy: 'signal' })

/** What a place does to every task before it goes there. */
export interface Wrapping {
  /** Runs in a container of this image; null: as it is. */
  readonly container: RuntimeConfig | null
  /** Distinguishes this deployer's containers from all others. */
  readonly namespace: string
  /** Variables that the task must not see. */
  readonly unset: readonly string[]
}
