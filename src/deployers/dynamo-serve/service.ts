import { setTimeout as sleep } from 'node:timers/promises'
import { FulcrumError } from '../../model/index.ts'
import { type LedgerEntry, ownerVariable, type ProcessLedger } from '../../process/ledger.ts'
import { allProcesses, argumentsOf, environmentValue, identityOf, isRunning, sendSignal } from '../../process/proc.ts'
import { type ProcessSpec, type RunningProcess, startProcess } from '../../process/process.ts'
import { processFailure } from '../failure.ts'

/**
 * One `dynamo serve` and the services that it started. Its supervisor (circus) puts every service into a session of its
 * own and starts none again that ends, so each is watched, kept in the ledger and ended by itself.
 */
export interface ServeProcess {
  readonly process: RunningProcess
  /** Enters services that have come up into the ledger. */
  follow(): Promise<void>
  /** Whether `dynamo serve` and every service that was followed still run. */
  fit(): Promise<boolean>
  /** Ends all of it: in good order, and what is left after `graceMs` by SIGKILL. Safe to call twice. */
  stop(graceMs: number): Promise<void>
}

/** A killed process may take this long to disappear: a GPU worker gives its memory back first. */
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

  /** Everything that carries this process's mark, whatever session it is in. */
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

/** Why a `dynamo serve` is not what it was: it ended itself, or a service of it did. */
export function serveFailure({ process }: Pick<ServeProcess, 'process'>, logLines?: number): FulcrumError {
  const failure = processFailure(process, logLines)
  if (!process.alive()) return failure
  const message = failure.message.replace('does not serve', 'is running, but one of its services has ended')
  return new FulcrumError(failure.kind, failure.code, message, { where: failure.where, remedy: failure.remedy })
}
