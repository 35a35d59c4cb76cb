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

/** @throws Error for a role that the deployment lacks, which is a fault of the plan */
export function designFor<Design>(designs: { readonly [role in Role]?: Design }, role: Role): Design {
  const design = designs[role]
  if (design === undefined) throw new Error(`no design for ${role} workers`)
  return design
}
