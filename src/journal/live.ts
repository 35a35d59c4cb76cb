import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readIfThere } from './disk.ts'
import type { JournalLine } from './event.ts'
import type { Holder } from './holder.ts'

const figure = z.number().nullable()
const latency = z.object({ mean: figure, p50: figure, p95: figure }).nullable()

const liveSchema = z.object({
  /** Process that wrote it. */
  pid: z.number(),
  /** ISO 8601. */
  at: z.string(),
  point: z.object({
    id: z.string(),
    deployment: z.string(),
    workload: z.string(),
    load: z.string(),
    repeat: z.number(),
  }),
  phase: z.enum(['preparing', 'warm-up', 'measuring', 'draining', 'summarising']),
  /** Since the point began, s. */
  elapsedS: z.number(),
  /** Requests of the phase that have ended, and all of them; null where the generator doesn't tell. */
  done: figure,
  total: figure,
  /** Measured requests that failed; null where the generator doesn't tell. */
  failed: figure,
  /** Requests sent whose answers have not ended. */
  inFlight: figure,
  /** Output tokens/s over the last few seconds. */
  outputTokensPerS: figure,
  /** Of measured requests so far, ms. A server's page gives means only. */
  ttftMs: latency,
  itlMs: latency,
  /** Who saw the latencies: the load generator, or the server's metrics page. */
  seenBy: z.enum(['generator', 'server']).nullable(),
  /** One worker of each role, mean over the role's workers. */
  roles: z.array(z.object({ role: z.string(), waiting: figure, running: figure, kvCache: figure })).readonly(),
  /** One GPU of each role; without a role where nobody says whose they are. */
  gpus: z
    .array(z.object({ role: z.string().nullable(), gpus: z.number(), powerW: figure, utilization: figure }))
    .readonly(),
})

/** What can be seen of the point in flight. None of it is a result: no reader of results looks at it. */
export type Live = z.infer<typeof liveSchema>

/** Hidden, so that no list of a run's files has it, and no push sends it. */
const liveFile = '.live.json'

/** A file that is older than this is of a process that hangs, or of another clock. */
const freshMs = 10_000

/** Replaces the live figures of a run as a whole. They are worth no sync, and no error: without them a run goes on. */
export async function writeLive(folder: string, live: Live): Promise<void> {
  const draft = join(folder, `${liveFile}.tmp`)
  try {
    await writeFile(draft, `${JSON.stringify(live)}\n`)
    await rename(draft, join(folder, liveFile))
  } catch {
    await removeLive(folder)
  }
}

export async function removeLive(folder: string): Promise<void> {
  for (const name of [liveFile, `${liveFile}.tmp`]) await rm(join(folder, name), { force: true }).catch(() => undefined)
}

/**
 * The live figures of a run; null when there are none that can be trusted. They must be whole, fresh, written by the
 * process that holds the run, and younger than the last line of its journal: a line ends the point that they are of.
 */
export async function readLive(
  folder: string,
  holder: Holder | null,
  lastLine: JournalLine | undefined,
  nowMs: () => number = Date.now,
): Promise<Live | null> {
  if (holder === null) return null
  const text = (await readIfThere(join(folder, liveFile)).catch(() => null))?.toString('utf8') ?? ''
  const read = liveSchema.safeParse(jsonOf(text))
  if (!read.success) return null
  const { pid, at } = read.data
  const atMs = Date.parse(at)
  const isFresh = Math.abs(nowMs() - atMs) <= freshMs
  const isOfThisPoint = lastLine === undefined || Date.parse(lastLine.at) <= atMs
  return pid === holder.pid && isFresh && isOfThisPoint ? read.data : null
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
