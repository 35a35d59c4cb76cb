import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessLedger } from '../../process/ledger.ts'
import { groupMembers } from '../../process/proc.ts'
import type { ProcessExit } from '../../process/process.ts'
import { startProcess } from '../../process/process.ts'

/** A generator program to run to its end. */
export interface ProgramSpec {
  readonly name: string
  readonly argv: readonly [program: string, ...args: string[]]
  readonly env: { readonly [name: string]: string }
  readonly folder: string
  readonly logFile: string
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly ledger: ProcessLedger
  /**
   * Looks at the running program a few times a second.
   * @param lines the last lines that it said
   * @param group the processes that it consists of
   * @returns why to give it up, or null to let it run
   */
  watch(lines: readonly string[], group: readonly number[]): Promise<string | null>
}

/** How a program's run ended. */
export interface ProgramEnd {
  /** Null when it was given up. */
  readonly exit: ProcessExit | null
  /** Why it was ended before it ended itself; null when it wasn't. */
  readonly gaveUp: string | null
  readonly lines: readonly string[]
  readonly elapsedS: number
}

const lookMs = 250
/** genai-perf and AIPerf have nothing to tidy up that is worth more. */
const graceMs = 3000

/**
 * Runs a program in its own process group until it exits, hangs or is no longer wanted. Nothing of its group is alive
 * afterwards, whatever it started.
 * @throws the signal's reason; FulcrumError environment `program-not-started`
 */
export async function runProgram(spec: ProgramSpec): Promise<ProgramEnd> {
  spec.signal.throwIfAborted()
  const started = performance.now()
  const elapsedMs = () => performance.now() - started
  const process = await startProcess(
    { name: spec.name, argv: spec.argv, env: spec.env, cwd: spec.folder, logFile: spec.logFile },
    spec.ledger,
  )
  try {
    let gaveUp: string | null = null
    while (process.alive() && gaveUp === null) {
      await pause(process.exited, spec.signal)
      if (!process.alive()) break
      if (elapsedMs() > spec.deadlineMs) gaveUp = `it was still running after ${Math.round(elapsedMs() / 1000)} s`
      else gaveUp = await spec.watch(process.lastLines(), await groupMembers(process.pid))
    }
    const exit = process.exit()
    // Log lines may arrive after the exit; the log is complete once the group is gone.
    await process.stop(graceMs)
    return { exit, gaveUp, lines: process.lastLines(), elapsedS: elapsedMs() / 1000 }
  } finally {
    await process.stop(graceMs)
  }
}

/** Until the next look or the program's end. */
async function pause(ended: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const enough = new AbortController()
  try {
    await Promise.race([ended, sleep(lookMs, undefined, { signal: AbortSignal.any([signal, enough.signal]) })])
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    enough.abort()
  }
}
