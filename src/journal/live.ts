import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parsedJson } from '../model/index.ts'
import { readIfThere } from './disk.ts'
import type { JournalLine } from './event.ts'
import type { Holder } from './holder.ts'

const figure = z.number().nullable()
const latency = z.object({ mean: figure, p50: figure, p95: figure }).nullable()

const liveSchema = z.object({
  /** Process that wrote the file. */
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
  /** Seconds since the point began. */
  elapsedS: z.number(),
  /** Ended requests of the phase, and their total; null if the generator does not report them. */
  done: figure,
  total: figure,
  /** Measured requests that failed; null if the generator does not report them. */
  failed: figure,
  /** Requests in flight. */
  inFlight: figure,
  /** Output tokens/s over the last few seconds. */
  outputTokensPerS: figure,
  /** Measured requests so far, in ms. A server's metrics page has means only. */
  ttftMs: latency,
  itlMs: latency,
  /** Source of the latencies: the load generator or the server's metrics page. */
  seenBy: z.enum(['generator', 'server']).nullable(),
  /** Mean over the workers of each role. */
  roles: z.array(z.object({ role: z.string(), waiting: figure, running: figure, kvCache: figure })).readonly(),
  /** Mean over the GPUs of each role; the role is null if it is unknown which worker uses them. */
  gpus: z
    .array(z.object({ role: z.string().nullable(), gpus: z.number(), powerW: figure, utilization: figure }))
    .readonly(),
})

/** Figures of the point in flight. They are not results, and no reader of results uses them. */
export type Live = z.infer<typeof liveSchema>

/** A hidden file, so that no list of a run's files includes it and `fulcrum push` does not send it. */
const liveFile = '.live.json'

/** An older file comes from a process that hangs, or from another clock. */
const freshMs = 10_000

/**
 * Replaces the live figures of a run atomically. Does not sync, and ignores errors, because a run can continue without
 * them.
 */
export async function writeLive(folder: string, live: Live): Promise<void> {
  const draft = join(folder, `${liveFile}.tmp`)
  try {
    await writeFile(draft, `${JSON.stringify(live)}\n`)
    await rename(draft, join(folder, liveFile))
  } catch {
    await removeLive(folder)
  }
}

/** Removes the live figures of a run. Ignores errors: stale figures expire by themselves. */
export async function removeLive(folder: string): Promise<void> {
  for (const name of [liveFile, `${liveFile}.tmp`]) await rm(join(folder, name), { force: true }).catch(() => undefined)
}

/**
 * The live figures of a run; null if there are none to trust. They must be valid, recent, written by the process that
 * holds the run, and newer than the last line of its journal, because a line ends their point.
 */
export async function readLive(
  folder: string,
  holder: Holder | null,
  lastLine: JournalLine | undefined,
  nowMs: () => number = Date.now,
): Promise<Live | null> {
  if (holder === null) return null
  const text = (await readIfThere(join(folder, liveFile)).catch(() => null))?.toString('utf8') ?? ''
  const read = liveSchema.safeParse(parsedJson(text))
  if (!read.success) return null
  const { pid, at } = read.data
  const atMs = Date.parse(at)
  const isFresh = Math.abs(nowMs() - atMs) <= freshMs
  const isOfThisPoint = lastLine === undefined || Date.parse(lastLine.at) <= atMs
  return pid === holder.pid && isFresh && isOfThisPoint ? read.data : null
}
