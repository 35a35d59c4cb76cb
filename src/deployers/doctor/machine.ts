import { type ProgramOutput, programLimitMs, runShort as runOnPath } from '../../process/short-program.ts'
import { findProgram } from '../programs.ts'
import { thisMachine } from './check.ts'

export { type ProgramOutput, programLimitMs }

/** A machine on which short programs can run. */
export interface Machine {
  /** Name in findings. */
  readonly name: string
  /** Runs a program to its end, by default for at most one minute. Returns failures as results. */
  run(
    program: string,
    args: readonly string[],
    env?: { readonly [name: string]: string },
    limitMs?: number,
  ): Promise<ProgramOutput>
}

/**
 * Runs a program on this machine to its end, by default for at most one minute. Searches PATH and the folders of server
 * programs.
 */
export async function runShort(
  program: string,
  args: readonly string[],
  env?: { readonly [name: string]: string },
  limitMs?: number,
): Promise<ProgramOutput> {
  return runOnPath(program.includes('/') ? program : ((await findProgram(program)) ?? program), args, env, limitMs)
}

/** The machine on which Fulcrum runs. */
export const hereMachine: Machine = { name: thisMachine, run: runShort }
