import type { WorkerRank } from '../engines/define-engine.ts'
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
  /** How it spreads over several nodes; absent for a worker on one. */
  readonly gang?: Gang
}

/** A worker whose nodes start together. */
export interface Gang {
  readonly nodes: number
  readonly gpusPerNode: number
  /** Ranks that register with Dynamo. */
  readonly registers: number
  /** MPI processes, one for each GPU, which have to be launched together. */
  readonly isMpi: boolean
  /** Command line and variables of one rank, beside those of all. */
  rank(command: Command, rank: WorkerRank): Command
}

/** @throws Error for a role that the deployment lacks, which is a fault of the plan */
export function designFor<Design>(designs: { readonly [role in Role]?: Design }, role: Role): Design {
  const design = designs[role]
  if (design === undefined) throw new Error(`no design for ${role} workers`)
  return design
}
