import { setTimeout as sleep } from 'node:timers/promises'
import type { FulcrumError } from '../../model/index.ts'
import { type LedgerEntry, ownerVariable, type ProcessLedger } from '../../process/ledger.ts'
import { allProcesses, argumentsOf, environmentValue, identityOf, isRunning, sendSignal } from '../../process/proc.ts'
import { type ProcessSpec, type RunningProcess, startProcess } from '../../process/process.ts'
import { processFailure } from '../failure.ts'

/**
 * One `dynamo serve` and its services. Its supervisor (circus) starts each service in a separate session and does not
 * restart those that end, so Fulcrum watches, records and ends each one individually.
 */
export interface ServeProcess {
  readonly process: RunningProcess
  /** Records services that have started in the ledger. */
  follow(): Promise<void>
  /** Whether `dynamo serve` and all recorded services are still running. */
  fit(): Promise<boolean>
  /** Ends the process and its services: normally, then by SIGKILL after `graceMs`. Safe to call twice. */
  stop(graceMs: number): Promise<void>
}

/** Maximum time for a killed process to disappear: a GPU worker first releases its memory. */
const killLimitMs = 30_000

/** Starts a `dynamo serve`. */
export async function startServe(spec: ProcessSpec, ledger: ProcessLedger): Promise<ServeProcess> {
  const process = await startProcess(spec, ledger)
  const services = new Map<number, LedgerEntry>()
  const mark = `${ledger.id}/${spec.name}`

  async function follow(): Promise<void> {
    const children = (await allProcesses()).filter(({ pid, parent }) => parent === process.pid && !services.has(pid))
    for (const { pid, group } of children) {
      if (group !== pid || (await environmentValue(pid, ownerVariable)) !== mark) continue
      const entry: LedgerEntry = {
        ...(await identityOf(pid)),
        name: spec.name,
        argv: await argumentsOf(pid),
        cwd: spec.cwd,
        runFolder: ledger.runFolder,
        startedAt: new Date().toISOString(),
      }
      services.set(pid, entry)
      ledger.add(entry)
    }
  }

  /** Finds everything with this process's mark, in any session. */
  async function left(): Promise<readonly number[]> {
    const marked = (await allProcesses()).map(async ({ pid }) =>
      (await environmentValue(pid, ownerVariable)) === mark ? pid : null,
    )
    return (await Promise.all(marked)).filter(pid => pid !== null)
  }

  async function end(graceMs: number): Promise<void> {
    await process.stop(graceMs)
    const deadline = performance.now() + killLimitMs
    for (let pids = await left(); pids.length > 0 && performance.now() < deadline; pids = await left()) {
      for (const pid of pids) sendSignal(pid, 'SIGKILL')
      await sleep(50)
    }
    for (const entry of services.values()) ledger.remove(entry)
  }

  let ending: Promise<void> | null = null
  return {
    process,
    follow,
    fit: async () => {
      if (!process.alive()) return false
      const running = await Promise.all([...services.values()].map(isRunning))
      return running.every(Boolean)
    },
    stop: graceMs => {
      ending ??= end(graceMs)
      return ending
    },
  }
}

/** Why a `dynamo serve` is broken: it ended, or one of its services did. */
export function serveFailure({ process }: Pick<ServeProcess, 'process'>, logLines?: number): FulcrumError {
  return processFailure(process, logLines, 'is running, but one of its services has ended')
}
