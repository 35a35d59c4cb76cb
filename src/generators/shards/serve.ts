import { availableParallelism, hostname } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Control } from '../built-in/control.ts'
import {
  barriers,
  createControl,
  doneSoFar,
  gathered,
  monotonicMs,
  startTogether,
  stopMeasuring,
} from '../built-in/control.ts'
import type { JobLoad } from '../built-in/job.ts'
import { createLiveTable, liveMessages } from '../built-in/live-table.ts'
import type { LookTable } from '../built-in/look-table.ts'
import { createLookTable, endedSoFar, isWarmupOver, rowsSoFar } from '../built-in/look-table.ts'
import { createPool, type Pool } from '../built-in/pool.ts'
import { resolveTarget } from '../built-in/resolve-target.ts'
import { generatorVersion } from '../built-in/result.ts'
import { threadsFor } from '../built-in/schedule.ts'
import { sharedBytes } from '../prompt-set.ts'
import type { FromShard, ToShard } from './wire.ts'
import { aliveEveryMs, createDecoder, encode, protocol } from './wire.ts'

/** Options of a shard. */
export interface ShardOptions {
  readonly input: Readable
  readonly output: Writable
  /** Ends after this long without any message, because the coordinator's host may have disappeared. */
  readonly silentMs?: number
}

const defaultSilentMs = 20_000
const looksUntilSilent = 5
const progressEveryMs = 200
/** Latencies are reported once per second. */
const ticksBetweenLooks = 5

/** The load being prepared or run. */
interface Work {
  readonly message: Extract<ToShard, { kind: 'prepare' }>
  readonly bytes: Uint8Array
  readonly control: Control
}

/**
 * A shard: loads an endpoint on a coordinator's orders from `input`, and reports to `output`. Resolves when the input
 * ends or falls silent; anything still running then ends with the process.
 */
export async function serveShard({ input, output, silentMs = defaultSilentMs }: ShardOptions): Promise<void> {
  const say = (message: FromShard) => void output.write(`${encode(message)}\n`)
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  const decode = createDecoder<ToShard>()
  let pool: Pool | null = null
  let work: Work | null = null
  let silentLooks = 0
  const hear = (message: ToShard, receivedMs: number) => {
    switch (message.kind) {
      case 'clock':
        say({ kind: 'clock', id: message.id, receivedMs, sentMs: monotonicMs(), wallMs: Date.now() - monotonicMs() })
        break
      case 'prepare':
        work = { message, bytes: sharedBytes(message.byteLength), control: createControl(true) }
        break
      case 'piece':
        work?.bytes.set(message.bytes, message.at)
        break
      case 'connect':
        if (work === null) break
        pool ??= createPool()
        run(pool, work, say).catch((error: unknown) => say({ kind: 'failed', message: String(error) }))
        break
      case 'stop':
        if (work !== null) stopMeasuring(work.control, 0)
        break
      case 'start':
        if (work !== null) startTogether(work.control, message.atMs)
        break
      case 'alive':
        break
    }
  }
  lines.on('line', line => {
    const receivedMs = monotonicMs()
    const heard = decode(line)
    if (heard === 'noise') return
    silentLooks = 0
    if (heard !== 'part') hear(heard.message, receivedMs)
  })
  // The reader of the answers is gone.
  output.on('error', () => lines.close())
  const look = setInterval(() => {
    silentLooks += 1
    if (silentLooks > looksUntilSilent) lines.close()
  }, silentMs / looksUntilSilent)
  const alive = setInterval(() => say({ kind: 'alive' }), aliveEveryMs)
  say({ kind: 'hello', protocol, version: generatorVersion, hostname: hostname(), cores: availableParallelism() })
  await new Promise<void>(resolve => lines.once('close', resolve))
  clearInterval(look)
  clearInterval(alive)
}

async function run(pool: Pool, { message, bytes, control }: Work, say: (message: FromShard) => void): Promise<void> {
  const { endpoint, ca } = message
  const load: JobLoad = { ...message.load, requests: { ...message.load.requests, bytes } }
  const never = new AbortController().signal
  const threads = message.threads ?? threadsFor(load.schedule, availableParallelism())
  const [target] = await Promise.all([resolveTarget(endpoint, ca, never), pool.ready(threads, never)])
  const live = createLiveTable(threads)
  const table = message.table === undefined ? null : createLookTable(message.table)
  const tell = table === null ? () => {} : tellEndedRows(table, load, say)
  let ticks = 0
  let seen = liveMessages(live)
  const progress = setInterval(() => {
    const { warmup, measured } = doneSoFar(control)
    ticks += 1
    if (ticks % ticksBetweenLooks === 0) seen = liveMessages(live)
    say({ kind: 'progress', warmup, measured, live: seen })
    tell()
  }, progressEveryMs)
  try {
    const clockBefore = Date.now() - monotonicMs()
    const running = pool.run({ ...load, target, control, table, live, threads }, never)
    void tellBarriers(control, say)
    const results = await running
    const clockJumpMs = Date.now() - monotonicMs() - clockBefore
    say({ kind: 'result', results, clockJumpMs, lookupMs: target.lookupMs })
  } finally {
    clearInterval(progress)
  }
}

/** Reports requests that have ended since the last report. */
function tellEndedRows(
  table: LookTable,
  { firstMeasured, schedule }: JobLoad,
  say: (message: FromShard) => void,
): () => void {
  let told = 0
  const planned = schedule.kind === 'closed' ? firstMeasured : 0
  return () => {
    const measured = endedSoFar(table, told)
    if (measured === told) return
    say({
      kind: 'ended',
      records: rowsSoFar(table, told, measured),
      measured,
      isWarmupOver: isWarmupOver(table, planned),
    })
    told = measured
  }
}

async function tellBarriers(control: Control, say: (message: FromShard) => void): Promise<void> {
  for (const barrier of barriers.keys()) {
    await gathered(control, barrier)
    say({ kind: 'gathered', barrier })
  }
}
