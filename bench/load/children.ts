import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pollMs = 100

/** CPU and memory of all child processes while something runs. */
export interface ChildrenUse {
  readonly cpuS: number
  readonly peakMb: number
}

/**
 * Runs `work` and says what the children that it started and ended used: CPU from what the kernel adds up when a child
 * is waited for, memory as the greatest sum over the tree seen at a poll. Children that were there before are left out.
 */
export async function watchChildren<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly use: ChildrenUse }> {
  const before = new Set(descendants(process.pid))
  const cpuBefore = waitedCpuS()
  let peakKb = 0
  const timer = setInterval(() => {
    const kb = descendants(process.pid)
      .filter(pid => !before.has(pid))
      .reduce((sum, pid) => sum + residentKb(pid), 0)
    peakKb = Math.max(peakKb, kb)
  }, pollMs)
  try {
    const result = await work()
    return { result, use: { cpuS: waitedCpuS() - cpuBefore, peakMb: peakKb / 1024 } }
  } finally {
    clearInterval(timer)
  }
}

/** CPU of children that have ended and been waited for, their own children included. */
function waitedCpuS(): number {
  const fields = statFields(process.pid)
  return (Number(fields[13]) + Number(fields[14])) / ticksPerS
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

/** Proportional set size: pages that processes share count once. */
function residentKb(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
