import { programLimitMs, runShort as runOnPath, type Said } from '../../process/short-program.ts'
import { findProgram } from '../programs.ts'
import { thisMachine } from './check.ts'

export { programLimitMs, type Said }

/** A machine that short programs can be run on. */
export interface Machine {
  /** As findings name it. */
  readonly name: string
  /** Runs a program to its end, at most a minute unless told otherwise; a failure is an answer too. */
  run(
    program: string,
    args: readonly string[],
    env?: { readonly [name: string]: string },
    limitMs?: number,
  ): Promise<Said>
}

/**
 * Runs a program on this machine to its end, at most a minute unless told otherwise; servers' folders are looked in as
 * well as PATH.
 */
export async function runShort(
  program: string,
  args: readonly string[],
  env?: { readonly [name: string]: string },
  limitMs?: number,
): Promise<Said> {
  return runOnPath(program.includes('/') ? program : ((await findProgram(program)) ?? program), args, env, limitMs)
}

export const hereMachine: Machine = { name: thisMachine, run: runShort }
