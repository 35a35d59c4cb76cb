import { readdir, readFile, readlink } from 'node:fs/promises'

/** Distinguishes a process from all others that ever had its number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start in clock ticks after boot (field 22 of /proc/PID/stat); null on a system without /proc. */
  readonly startTicks: number | null
  /** Changes with every boot; null if the system does not report it. */
  readonly bootId: string | null
  /** Process numbers are only meaningful within their namespace, and a container has its own. */
  readonly pidNamespace: string | null
}

/** The fields of /proc/PID/stat that managing processes needs. */
export interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly startTicks: number
}

/** A process that has ended but was not collected does nothing any more. */
const endedStates = new Set(['Z', 'X', 'x'])

/** State of a process; null if it is gone or has ended, or without /proc. */
export async function statOf(pid: number): Promise<ProcessStat | null> {
  const line = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null)
  if (line === null) return null
  const stat = parseStat(line)
  return stat === null || endedStates.has(stat.state) ? null : stat
}

/** Parses /proc/PID/stat. The command name is in parentheses and may contain spaces and parentheses itself. */
export function parseStat(line: string): ProcessStat | null {
  const close = line.lastIndexOf(')')
  const [state, parent, group, ...rest] = line.slice(close + 2).split(' ')
  const startTicks = rest[16]
  if (close < 0 || state === undefined || startTicks === undefined) return null
  return {
    pid: Number.parseInt(line, 10),
    state,
    parent: Number(parent),
    group: Number(group),
    startTicks: Number(startTicks),
  }
}

/** Identity of a process. `startTicks` is null if the process is gone, or without /proc. */
export async function identityOf(pid: number): Promise<ProcessIdentity> {
  const [stat, bootId, pidNamespace] = await Promise.all([statOf(pid), currentBootId(), currentPidNamespace()])
  return { pid, startTicks: stat?.startTicks ?? null, bootId, pidNamespace }
}

/**
 * Whether the process with this identity still runs. A later program with the same number does not count. Without
 * /proc, the answer is no.
 */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  if (identity.startTicks === null || identity.bootId === null) return false
  if (identity.bootId !== (await currentBootId()) || identity.pidNamespace !== (await currentPidNamespace()))
    return false
  return (await statOf(identity.pid))?.startTicks === identity.startTicks
}

/** Id of the current boot; null if unknown. */
export async function currentBootId(): Promise<string | null> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null)
  return id?.trim() ?? null
}

/** Pid namespace of this process; null if unknown. */
export async function currentPidNamespace(): Promise<string | null> {
  return readlink('/proc/self/ns/pid').catch(() => null)
}

/** All running processes. */
export async function allProcesses(): Promise<readonly ProcessStat[]> {
  const names = await readdir('/proc').catch(() => [])
  const stats = await Promise.all(names.filter(name => /^\d+$/.test(name)).map(name => statOf(Number(name))))
  return stats.filter(stat => stat !== null)
}

/** Running members of a process group. Without /proc, the group itself if it accepts signals. */
export async function groupMembers(group: number): Promise<readonly number[]> {
  // Mostly it is gone, and then nobody has to read the state of each process of the machine.
  if (!answersSignals(-group)) return []
  const running = await allProcesses()
  if (running.length === 0) return [group]
  return running.filter(stat => stat.group === group).map(stat => stat.pid)
}

/** Value of a variable in the environment with which a process was started; null if it cannot be read. */
export async function environmentValue(pid: number, name: string): Promise<string | null> {
  const content = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => null)
  const entry = content?.split('\0').find(variable => variable.startsWith(`${name}=`))
  return entry?.slice(name.length + 1) ?? null
}

/** Command line of a process; empty if it cannot be read. */
export async function argumentsOf(pid: number): Promise<readonly string[]> {
  const content = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return content.split('\0').slice(0, -1)
}

/**
 * Whether a process (or, if negative, a process group) exists, including processes that have ended but were not
 * collected.
 */
export function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Sends a signal. It is not an error if the process or group is already gone. */
export function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
