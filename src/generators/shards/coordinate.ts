import type { Endpoint, Load } from '../../model/index.ts'
import { largest } from '../../model/index.ts'
import { monotonicMs } from '../built-in/control.ts'
import type { JobLoad } from '../built-in/job.ts'
import { liveTableOf, soFar } from '../built-in/live-table.ts'
import type { TableSize } from '../built-in/look-table.ts'
import type { LoadProgress } from '../generator.ts'
import { longestRunMs } from '../programs/bounds.ts'
import type { ClockOffset, ClockSample } from './clock.ts'
import { clockOffset } from './clock.ts'
import type { MessageOf, ShardLink } from './link.ts'
import type { ShardsWatch } from './watch-shards.ts'

/**
 * Minimum clock exchanges before and after a measurement. Exchanges continue for a while if a busy host made all of
 * them slow.
 */
const leastExchanges = 16
const goodUncertaintyMs = 1
const longestReadingMs = 500
const exchangeLimitMs = 10_000
/** Bytes of requests per message. */
const pieceBytes = 4 * 1024 * 1024
/** Time between the start order and the start; the order must arrive everywhere within it. */
const startMarginMs = 50
const progressEveryMs = 200
/** Minimum interval between a shard's reports of ended requests. */
const lookEveryMs = 200

/** Task of one shard. */
export interface ShardTask {
  readonly link: ShardLink
  readonly part: JobLoad
}

/** Result of one shard. */
export interface ShardReport {
  readonly link: ShardLink
  readonly clock: ClockReading
  /** The clock after the measurement; null if it was not read again. */
  readonly clockAfter: ClockReading | null
  /** Null if the shard was lost. */
  readonly outcome: MessageOf<'result'> | null
}

/** Offsets of a shard's clocks. */
export interface ClockReading extends ClockOffset {
  readonly wallOffsetMs: number
}

/** Inputs of the coordinator, and callbacks that follow the shards. */
export interface CoordinateOptions {
  readonly endpoint: Endpoint
  readonly load: Load
  readonly ca: string | null
  readonly threads: number | null
  readonly signal: AbortSignal
  onProgress(progress: LoadProgress): void
  /** Decides how long the load runs; null if its number of requests or its duration decides. */
  readonly watch: ShardsWatch | null
  /** Size of the table that a shard keeps of its part for that decision. */
  tableOf(part: JobLoad): TableSize | null
  /**
   * Called when all shards have received the start time of their warm-up or measurement, with that time on our
   * monotonic clock, accurate to milliseconds.
   */
  onWarmup(atMs: number): void
  onStart(atMs: number): void
  /** Called when every measured request has its answer, so that the load may end. */
  onRelease(atMs: number): void
}

/**
 * Runs the parts of a load, starting all warm-ups and all measurements at the same times. A shard lost after the start
 * is reported, and the others continue.
 * @throws FulcrumError failed `shard-lost` if one is lost before the start; the signal's reason
 */
export async function coordinate(tasks: readonly ShardTask[], options: CoordinateOptions): Promise<ShardReport[]> {
  const { signal, load } = options
  const limitMs = longestRunMs(load) + largest(tasks.map(({ part }) => scheduledMs(part)))
  const clocks = await Promise.all(tasks.map(({ link }) => readClock(link, signal)))
  for (const task of tasks) sendPart(task, options)
  const margin = startMarginMs + 4 * largest(clocks.map(clock => clock.uncertaintyMs))
  const startAll = (): number => {
    const atMs = monotonicMs() + margin
    for (const [index, { link }] of tasks.entries()) {
      if (link.lost() === null) link.send({ kind: 'start', atMs: atMs + (clocks[index]?.offsetMs ?? 0) })
    }
    return atMs
  }
  const allGathered = () => Promise.all(tasks.map(({ link }) => link.receive('gathered', limitMs, signal)))
  const progress = followProgress(tasks, options)
  const { watch } = options
  const looking =
    watch === null
      ? undefined
      : setInterval(() => {
          for (const [index, { link }] of tasks.entries())
            for (const message of link.ended()) watch.hear(index, message, clocks[index]?.offsetMs ?? 0)
          if (!watch.isOver()) return
          clearInterval(looking)
          for (const { link } of tasks) if (link.lost() === null) link.send({ kind: 'stop' })
        }, lookEveryMs)
  try {
    await allGathered()
    progress.enter('warm-up')
    options.onWarmup(startAll())
    await allGathered()
    progress.enter('measuring')
    options.onStart(startAll())
    // No shard may end its load while another is still measuring. Does not wait for lost shards.
    await Promise.allSettled(tasks.map(({ link }) => link.receive('gathered', limitMs, signal)))
    signal.throwIfAborted()
    progress.enter('draining')
    options.onRelease(startAll())
    return await Promise.all(
      tasks.map(async ({ link }, index): Promise<ShardReport> => {
        const clock = clocks[index] ?? { offsetMs: 0, uncertaintyMs: 0, wallOffsetMs: 0 }
        try {
          const outcome = await link.receive('result', limitMs, signal)
          return { link, clock, clockAfter: await readAgain(link, signal), outcome }
        } catch (error) {
          signal.throwIfAborted()
          if (link.lost() === null) throw error
          return { link, clock, clockAfter: null, outcome: null }
        }
      }),
    )
  } finally {
    clearInterval(looking)
    progress.stop()
  }
}

/** Time that a part takes by its schedule alone: until its last due time, or for its users' think time. */
function scheduledMs({ schedule, thinkMs }: JobLoad): number {
  if (schedule.kind === 'open') return schedule.dueMs.at(-1) ?? 0
  return thinkMs * Math.ceil((schedule.requests ?? 0) / schedule.concurrency)
}

async function readClock(link: ShardLink, signal: AbortSignal): Promise<ClockReading> {
  const samples: ClockSample[] = []
  const beganMs = monotonicMs()
  let wallOffsetMs = 0
  const enough = () =>
    samples.length >= leastExchanges &&
    (clockOffset(samples).uncertaintyMs <= goodUncertaintyMs || monotonicMs() - beganMs > longestReadingMs)
  while (!enough()) {
    const askedMs = monotonicMs()
    link.send({ kind: 'clock', id: samples.length })
    const { receivedMs, sentMs, wallMs } = await link.receive('clock', exchangeLimitMs, signal)
    samples.push({ askedMs, receivedMs, sentMs, answeredMs: monotonicMs() })
    wallOffsetMs = wallMs - (Date.now() - monotonicMs())
  }
  const offset = clockOffset(samples)
  return { ...offset, wallOffsetMs: wallOffsetMs + offset.offsetMs }
}

/** Null if the shard is lost meanwhile. Its measurement has already arrived and stays valid. */
async function readAgain(link: ShardLink, signal: AbortSignal): Promise<ClockReading | null> {
  try {
    return await readClock(link, signal)
  } catch (error) {
    if (link.lost() === null) throw error
    return null
  }
}

function sendPart({ link, part }: ShardTask, { endpoint, ca, threads, tableOf }: CoordinateOptions): void {
  const table = tableOf(part)
  const { bytes } = part.requests
  const load = { ...part, requests: { ...part.requests, bytes: new Uint8Array(0) } }
  link.send({
    kind: 'prepare',
    load,
    byteLength: bytes.length,
    endpoint,
    ca,
    threads,
    ...(table === null ? {} : { table }),
  })
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    link.send({ kind: 'piece', at, bytes: bytes.subarray(at, at + pieceBytes) })
  }
  link.send({ kind: 'connect' })
}

function followProgress(tasks: readonly ShardTask[], { onProgress, load }: CoordinateOptions) {
  const warmup = tasks.reduce((sum, { part }) => sum + part.warmup, 0)
  const measured = tasks.reduce<number | null>((sum, { part: { schedule } }) => {
    const count = schedule.kind === 'closed' ? schedule.requests : schedule.dueMs.length
    return sum === null || count === null ? null : sum + count
  }, 0)
  let phase: LoadProgress['phase'] = 'preparing'
  const tell = () => {
    const done = tasks.map(({ link }) => link.progress())
    const seen = soFar(liveTableOf(done.flatMap(({ live }) => live)), load.api)
    if (phase === 'warm-up')
      onProgress({ phase, done: done.reduce((sum, one) => sum + one.warmup, 0), total: warmup, soFar: seen })
    if (phase === 'measuring' || phase === 'draining') {
      onProgress({ phase, done: done.reduce((sum, one) => sum + one.measured, 0), total: measured, soFar: seen })
    }
  }
  const timer = setInterval(tell, progressEveryMs)
  return {
    enter: (next: 'warm-up' | 'measuring' | 'draining') => {
      phase = next
      tell()
    },
    stop: () => clearInterval(timer),
  }
}
