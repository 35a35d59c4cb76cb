import { readdir, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { redactArguments, redactor } from '../model/index.ts'
import { type LedgerFile, ledgerFolder, ownerVariable } from '../process/ledger.ts'
import {
  allProcesses,
  argumentsOf,
  currentBootId,
  currentPidNamespace,
  environmentValue,
  isRunning,
  type ProcessIdentity,
  sendSignal,
  statOf,
} from '../process/proc.ts'
import { cancelJob, jobsHeldBy } from './slurm/leftovers.ts'

/** A process on this machine, or a Slurm job, that outlived the Fulcrum that started it. */
export interface Leftover {
  readonly name: string
  /** Null for a job. */
  readonly pid: number | null
  /** Number of a Slurm job; null for a process. */
  readonly slurmJob: string | null
  readonly argv: readonly string[]
  readonly cwd: string
  readonly runFolder: string | null
  /** ISO 8601; null for a process identified only by its environment. */
  readonly startedAt: string | null
  /** Null for a job. */
  readonly startTicks: number | null
  /** Ledger that lists it. */
  readonly ledger: string
}

const identity = {
  pid: z.int().positive(),
  startTicks: z.number().nullable(),
  bootId: z.string().nullable(),
  pidNamespace: z.string().nullable(),
}
const ledgerSchema: z.ZodType<LedgerFile> = z.object({
  id: z.string(),
  host: z.string(),
  owner: z.object(identity),
  processes: z.array(
    z.object({
      ...identity,
      name: z.string(),
      argv: z.array(z.string()),
      cwd: z.string(),
      runFolder: z.string().nullable(),
      startedAt: z.string(),
    }),
  ),
})

/**
 * Finds processes left by Fulcrum processes that are gone. A recorded process counts only if boot, process namespace
 * and start time match, so Fulcrum never reports a pid that another program reuses. The mark in their environment
 * identifies processes started just before the end, or by a worker. A Slurm job counts if the `salloc` that held it is
 * gone. Deletes ledgers without leftovers.
 */
export async function findLeftovers(folder: string = ledgerFolder()): Promise<readonly Leftover[]> {
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json'))
  const found: Leftover[] = []
  for (const name of names) {
    const ledger = await readLedger(join(folder, name))
    if (ledger === null || !(await isAbandoned(ledger))) continue
    const left = await leftOf(ledger)
    if (left.length === 0) await rm(join(folder, name), { force: true })
    for (const one of left) found.push(one)
  }
  return found
}

/**
 * Ends leftovers: SIGTERM, then SIGKILL after `graceMs` for those that remain; scancel for jobs. Checks each one again
 * first.
 */
export async function endLeftovers(leftovers: readonly Leftover[], graceMs = 5_000): Promise<void> {
  for (const { slurmJob } of leftovers) if (slurmJob !== null) await cancelJob(slurmJob)
  for (const pid of await stillThere(leftovers)) sendSignal(pid, 'SIGTERM')
  const deadline = performance.now() + graceMs
  while (performance.now() < deadline && (await stillThere(leftovers)).length > 0) await sleep(50)
  for (const pid of await stillThere(leftovers)) sendSignal(pid, 'SIGKILL')
}

/** Pids of leftovers that are still the same processes. */
async function stillThere(leftovers: readonly Leftover[]): Promise<readonly number[]> {
  const found = leftovers.map(async ({ pid, startTicks }) =>
    pid !== null && (await statOf(pid))?.startTicks === startTicks ? pid : null,
  )
  return (await Promise.all(found)).filter(pid => pid !== null)
}

/** Null if the file is not a ledger: another program's, or one truncated by a full disk. */
async function readLedger(path: string): Promise<LedgerFile | null> {
  try {
    return ledgerSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}

/**
 * Whether a ledger's owner is gone. Unknown, and thus false, for a ledger of another host or container (a shared home
 * directory).
 */
async function isAbandoned({ host, owner }: LedgerFile): Promise<boolean> {
  if (host !== hostname() || owner.startTicks === null) return false
  const here = await isComparable(owner)
  return here && !(await isRunning(owner))
}

/** Processes of another boot have ended. Pids of another namespace mean nothing here. */
async function isComparable(owner: ProcessIdentity): Promise<boolean> {
  return owner.bootId !== (await currentBootId()) || owner.pidNamespace === (await currentPidNamespace())
}

async function leftOf(ledger: LedgerFile): Promise<readonly Leftover[]> {
  const found = new Map<number, Leftover>()
  const jobs: Leftover[] = []
  for (const entry of ledger.processes) {
    const { name, pid, argv, cwd, runFolder, startedAt, startTicks } = entry
    const its = { name, argv, cwd, runFolder, startedAt, ledger: ledger.id }
    if (startTicks !== null && (await isRunning(entry))) {
      found.set(pid, { ...its, pid, startTicks, slurmJob: null })
      continue
    }
    // The holder of an allocation releases it when it ends normally. The job remains if the holder was killed or its
    // machine failed.
    for (const slurmJob of await jobsHeldBy(argv)) jobs.push({ ...its, pid: null, startTicks: null, slurmJob })
  }
  const hide = redactor(process.env)
  for (const { pid, startTicks } of await allProcesses()) {
    if (found.has(pid)) continue
    const mark = await environmentValue(pid, ownerVariable)
    if (!mark?.startsWith(`${ledger.id}/`)) continue
    const name = mark.slice(ledger.id.length + 1)
    const argv = redactArguments(await argumentsOf(pid), hide)
    found.set(pid, {
      name,
      pid,
      slurmJob: null,
      argv,
      cwd: '',
      runFolder: null,
      startedAt: null,
      startTicks,
      ledger: ledger.id,
    })
  }
  return [...found.values(), ...jobs]
}
