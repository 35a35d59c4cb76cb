import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** A process, told apart from every other that ever had its number. */
export interface Holder {
  readonly pid: number
  /** Start in clock ticks after boot (field 22 of /proc/PID/stat); null where the system doesn't say. */
  readonly startTicks: number | null
  /** Changes with every boot; null where the system doesn't say. */
  readonly bootId: string | null
  /** Process ids mean something only within their namespace (a container has its own). */
  readonly pidNamespace: string | null
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

/** This process as a holder. */
export async function thisProcess(now: Date): Promise<Holder> {
  const [startTicks, boot, pidNamespace] = await Promise.all([startTicksOf(process.pid), bootId(), ownPidNamespace()])
  return { pid: process.pid, startTicks, bootId: boot, pidNamespace, host: hostname(), since: now.toISOString() }
}

/** Whether a holder still runs; `unknown` when it is on another host or in another container. */
export async function isAlive(holder: Holder): Promise<'alive' | 'gone' | 'unknown'> {
  if (holder.host !== hostname() || holder.pidNamespace !== (await ownPidNamespace())) return 'unknown'
  if (holder.bootId !== (await bootId())) return 'gone'
  if (holder.startTicks !== null) return (await startTicksOf(holder.pid)) === holder.startTicks ? 'alive' : 'gone'
  return respondsToSignals(holder.pid) ? 'alive' : 'gone'
}

/** Start ticks of a process; null when it is gone, a zombie, or the system has no /proc. */
async function startTicksOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null)
  if (stat === null) return null
  // The command name stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19])
}

async function bootId(): Promise<string | null> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null)
  return id?.trim() ?? null
}

async function ownPidNamespace(): Promise<string | null> {
  return readlink('/proc/self/ns/pid').catch(() => null)
}

function respondsToSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
