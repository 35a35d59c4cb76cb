import { hostname } from 'node:os'
import { answersSignals, currentPidNamespace, identityOf, isRunning, type ProcessIdentity } from '../process/proc.ts'

/** Process that works on a run, distinct from every other process that has had its pid. */
export interface Holder extends ProcessIdentity {
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

/** This process as a holder. */
export async function thisProcess(now: Date): Promise<Holder> {
  return { ...(await identityOf(process.pid)), host: hostname(), since: now.toISOString() }
}

/** Whether a holder still runs; `unknown` if it is on another host or in another container. */
export async function isAlive(holder: Holder): Promise<'alive' | 'gone' | 'unknown'> {
  if (holder.host !== hostname() || holder.pidNamespace !== (await currentPidNamespace())) return 'unknown'
  // Without /proc (macOS) only the pid can be checked.
  const runs = holder.startTicks === null ? answersSignals(holder.pid) : await isRunning(holder)
  return runs ? 'alive' : 'gone'
}
