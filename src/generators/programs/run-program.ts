import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessLedger } from '../../process/ledger.ts'
import { groupMembers } from '../../process/proc.ts'
import type { ProcessExit } from '../../process/process.ts'
import { startProcess } from '../../process/process.ts'

/** A generator program to run until it ends. */
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
   * Called a few times per second while the program runs.
   * @param lines its last lines of output
   * @param group its processes
   * @returns why to stop it, or null to let it run
   */
  watch(lines: readonly string[], group: readonly number[]): Promise<string | null>
}

/** How a program's run ended. */
export interface ProgramEnd {
  /** Null if it was stopped. */
  readonly exit: ProcessExit | null
  /** Why it was stopped before it ended by itself; null if it was not. */
  readonly gaveUp: string | null
  readonly lines: readonly string[]
  readonly elapsedS: number
}

const lookMs = 250
/** Grace period in ms. genai-perf and AIPerf have little to clean up. */
const graceMs = 3000

/**
 * Runs a program in its own process group until it exits, hangs or is aborted. Afterwards no process of its group is
 * alive.
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
    // Log lines may arrive after the exit. The log is complete once the group is gone.
    await process.stop(graceMs)
    return { exit, gaveUp, lines: process.lastLines(), elapsedS: elapsedMs() / 1000 }
  } finally {
    await process.stop(graceMs)
  }
}

/** Waits until the next check or the program's end. */
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
