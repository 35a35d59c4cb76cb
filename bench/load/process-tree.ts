import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pageMb = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })) / 1024 / 1024
/** Looking costs about 0.3 ms of a core. */
const pollMs = 100

/** What was seen of a tree of processes up to a moment. */
interface Look {
  /** On the machine's monotonic clock. */
  readonly atMs: number
  readonly cpuS: number
  /** Threads of the client and of the server: time in the run queue while runnable, and times that a core was given. */
  readonly client: Waits
  readonly server: Waits
}

/** Of threads that wait for a core. */
interface Waits {
  readonly delayNs: number
  readonly turns: number
}

/** What child processes used while something ran. */
export interface TreeUse {
  /** Of the whole command, from what the kernel adds up when a child is waited for. */
  readonly cpuS: number
  /** Greatest sum of resident memory over the tree that was seen. */
  readonly peakMb: number
  /** Within a span on the monotonic clock; interpolated between looks. */
  within(fromMs: number, untilMs: number): SpanUse
}

/** What was used in a span of time. */
export interface SpanUse {
  readonly cpuS: number
  /** Mean time that a thread of the client or of the server waited for a core after it was woken, ms. */
  readonly clientWaitMs: number
  readonly serverWaitMs: number
}

/** The machine's monotonic clock, ms: the same in all processes. */
const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6

/** Runs `work` and watches the children that it starts, and the server that answers them. */
export async function watchTree<T>(
  server: number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly use: TreeUse }> {
  const before = new Set(descendants(process.pid))
  const cpuBefore = waitedCpuS()
  const looks: Look[] = []
  /** What each process and thread last showed: those that have ended keep counting. */
  const cpu = new Map<number, number>()
  const threads = new Map<string, Waits>()
  let peakMb = 0
  const look = () => {
    const pids = descendants(process.pid).filter(pid => !before.has(pid))
    peakMb = Math.max(
      peakMb,
      pids.reduce((sum, pid) => sum + residentMb(pid), 0),
    )
    for (const pid of pids) {
      readWaits(pid, threads)
      cpu.set(pid, cpuSOf(pid) ?? cpu.get(pid) ?? 0)
    }
    looks.push({
      atMs: monotonicMs(),
      cpuS: cpu.values().reduce((sum, one) => sum + one, 0),
      client: sumOf(threads),
      server: sumOf(readWaits(server, new Map())),
    })
  }
  const timer = setInterval(look, pollMs)
  try {
    const result = await work()
    const cpuS = waitedCpuS() - cpuBefore
    return { result, use: { cpuS, peakMb, within: (from, until) => spanUse(looks, from, until) } }
  } finally {
    clearInterval(timer)
  }
}

function spanUse(looks: readonly Look[], fromMs: number, untilMs: number): SpanUse {
  const over = (figure: (look: Look) => number) => at(looks, untilMs, figure) - at(looks, fromMs, figure)
  const wait = (of: (look: Look) => Waits) =>
    over(look => of(look).delayNs) /
    1e6 /
    Math.max(
      1,
      over(look => of(look).turns),
    )
  return {
    cpuS: over(look => look.cpuS),
    clientWaitMs: wait(look => look.client),
    serverWaitMs: wait(look => look.server),
  }
}

/** A running total at a time between two looks. */
function at(looks: readonly Look[], ms: number, figure: (look: Look) => number): number {
  const next = looks.findIndex(look => look.atMs >= ms)
  const [after, prior] = next < 0 ? [looks.at(-1), undefined] : [looks[next], looks[next - 1]]
  if (after === undefined) return Number.NaN
  if (prior === undefined) return figure(after)
  return figure(prior) + ((figure(after) - figure(prior)) * (ms - prior.atMs)) / Math.max(1e-9, after.atMs - prior.atMs)
}

/** CPU of children that have ended and been waited for, their own children included. */
function waitedCpuS(): number {
  const fields = statFields(process.pid)
  return (Number(fields[13]) + Number(fields[14])) / ticksPerS
}

/** CPU of a process with all its threads; null when it has ended. */
function cpuSOf(pid: number): number | null {
  try {
    const fields = statFields(pid)
    return (Number(fields[11]) + Number(fields[12])) / ticksPerS
  } catch {
    return null
  }
}

/** Reads /proc/PID/task/TID/schedstat of all threads into `threads`: nanoseconds on a core, in the run queue, turns. */
function readWaits(pid: number, threads: Map<string, Waits>): ReadonlyMap<string, Waits> {
  try {
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      const [, delayNs, turns] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ').map(Number)
      threads.set(tid, { delayNs: delayNs ?? 0, turns: turns ?? 0 })
    }
  } catch {
    // It has ended meanwhile.
  }
  return threads
}

function sumOf(threads: ReadonlyMap<string, Waits>): Waits {
  let [delayNs, turns] = [0, 0]
  for (const one of threads.values()) {
    delayNs += one.delayNs
    turns += one.turns
  }
  return { delayNs, turns }
}

/** Fields of /proc/PID/stat from the state on; the name before may hold spaces. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const parent = Number(statFields(Number(name))[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It has ended meanwhile.
    }
  }
  const found: number[] = []
  const open = [root]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    for (const child of children.get(pid) ?? []) {
      found.push(child)
      open.push(child)
    }
  }
  return found
}

/** Resident set size. Reading the proportional one would hold the lock that page faults of the client need. */
function residentMb(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * pageMb
  } catch {
    return 0
  }
}
