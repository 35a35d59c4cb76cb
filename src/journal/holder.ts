import { hostname } from 'node:os'
import { answersSignals, currentPidNamespace, identityOf, isRunning, type ProcessIdentity } from '../process/proc.ts'

/** The process that works on a run, told apart from every other that ever had its number. */
export interface Holder extends ProcessIdentity {
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

/** This process as a holder. */
export async function thisProcess(now: Date): Promise<Holder> {
  return { ...(await identityOf(process.pid)), host: hostname(), since: now.toISOString() }
}

/** Whether a holder still runs; `unknown` when it is on another host or in another container. */
export async function isAlive(holder: Holder): Promise<'alive' | 'gone' | 'unknown'> {
  if (holder.host !== hostname() || holder.pidNamespace !== (await currentPidNamespace())) return 'unknown'
  // Without /proc (macOS) the number alone has to do.
  const runs = holder.startTicks === null ? answersSignals(holder.pid) : await isRunning(holder)
  return runs ? 'alive' : 'gone'
}
