import type { Role } from '../model/index.ts'
import type { PlannedFile } from './deployer.ts'

/** A program to run: its command line, and its environment beyond the inherited one. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]]
  readonly env: { readonly [name: string]: string }
}

/** What all workers of one role run, apart from ports and GPUs. */
export interface WorkerDesign {
  readonly role: Role
  readonly command: Command
  readonly files: readonly PlannedFile[]
  /** Equal for workers that may stand in for each other. */
  readonly signature: string
  readonly gpusPerWorker: number
}
