import type { WorkerRank } from '../engines/define-engine.ts'
import type { Role } from '../model/index.ts'
import type { PlannedFile } from './deployer.ts'

/** A program to run: its command line, and variables in addition to the inherited environment. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]]
  readonly env: { readonly [name: string]: string }
}

/** Common part of all workers of one role, without ports and GPUs. */
export interface WorkerDesign {
  readonly role: Role
  readonly command: Command
  readonly files: readonly PlannedFile[]
  /** Equal for workers that can replace each other. */
  readonly signature: string
  readonly gpusPerWorker: number
  /** How it is spread over several nodes; absent for a worker on a single node. */
  readonly gang?: Gang
}

/** A worker whose nodes start together. */
export interface Gang {
  readonly nodes: number
  readonly gpusPerNode: number
  /** Number of ranks that register with Dynamo. */
  readonly registers: number
  /** Whether its processes use MPI, one per GPU, and must be launched together. */
  readonly isMpi: boolean
  /** Command line and variables of one rank, in addition to the common ones. */
  rank(command: Command, rank: WorkerRank): Command
}

/** @throws Error if the deployment lacks the role, which is an error in the plan */
export function designFor<Design>(designs: { readonly [role in Role]?: Design }, role: Role): Design {
  const design = designs[role]
  if (design === undefined) throw new Error(`no design for ${role} workers`)
  return design
}
