import { FulcrumError } from '../../model/index.ts'
import type { ShardChannel, ShardLauncher } from './launcher.ts'
import type { FromShard, ToShard } from './wire.ts'
import { aliveEveryMs, createDecoder, encode } from './wire.ts'

/** Content of a message kind. */
export type MessageOf<Kind extends FromShard['kind']> = Extract<FromShard, { kind: Kind }>

/** Connection to one shard. */
export interface ShardLink {
  readonly shard: number
  readonly host: string
  /** Null if the shard is fine; otherwise what happened, with the host and its last lines. */
  lost(): string | null
  send(message: ToShard): void
  /**
   * The next message of a kind, in order of arrival.
   * @throws FulcrumError failed `shard-lost` if the shard ends, fails or falls silent, or after `limitMs`; the signal's
   *   reason
   */
  receive<Kind extends FromShard['kind']>(kind: Kind, limitMs: number, signal: AbortSignal): Promise<MessageOf<Kind>>
  /** Requests that have ended so far, and what its threads have observed. */
  progress(): Omit<MessageOf<'progress'>, 'kind'>
  /** Requests that it reported as ended since this was last called. */
  ended(): readonly MessageOf<'ended'>[]
  /** Ends the shard and everything it started on any host. Safe to call twice. */
  close(): Promise<void>
}

/** Options of a connection to a shard. */
export interface LinkOptions {
  readonly launcher: ShardLauncher
  readonly shard: number
  readonly signal: AbortSignal
  /** A shard that is silent for this long after its hello is lost. */
  readonly silentMs: number
}

/**
 * Number of checks after which silence counts as a loss. Counts checks instead of time, so that our own pauses are not
 * counted.
 */
const looksUntilSilent = 5
const lastLinesShown = 3
const noProgress: MessageOf<'progress'> = { kind: 'progress', warmup: 0, measured: 0, live: [] }
/** A timer with a longer delay would fire immediately. */
const longestTimerMs = 2 ** 31 - 1

/**
 * Starts a shard. Its first message is its `hello`.
 * @throws FulcrumError as {@link ShardLauncher.open}
 */
export async function openLink({ launcher, shard, signal: opening, silentMs }: LinkOptions): Promise<ShardLink> {
  const queues = new Map<string, FromShard[]>()
  const said: string[] = []
  const changes = new EventTarget()
  const changed = () => changes.dispatchEvent(new Event('change'))
  let reason: string | null = null
  let greeted = false
  let silentLooks = 0
  let progress = noProgress
  let ended: MessageOf<'ended'>[] = []
  /** Null until it is open; lines may arrive earlier. */
  let channel: ShardChannel | null = null
  const lose = (what: string) => {
    reason ??= describeLoss(channel?.host ?? 'its host', shard, what, [...(channel?.lastLines() ?? []), ...said])
    changed()
  }
  const decode = createDecoder<FromShard>()
  const read = (line: string) => {
    const heard = decode(line)
    if (heard === 'noise') {
      // Output of a launcher or a login shell.
      if (line.trim() !== '') said.push(line)
      if (said.length > lastLinesShown) said.shift()
      return
    }
    silentLooks = 0
    if (heard === 'part') return
    const { message } = heard
    if (message.kind === 'alive') return
    if (message.kind === 'failed') {
      lose(message.message)
      return
    }
    if (message.kind === 'ended') {
      ended.push(message)
      return
    }
    if (message.kind === 'progress') {
      progress = message
      return
    }
    if (message.kind === 'hello') greeted = true
    queues.set(message.kind, [...(queues.get(message.kind) ?? []), message])
    changed()
  }
  const opened = await launcher.open(shard, read, opening)
  channel = opened
  const send = (message: ToShard) => {
    if (message.kind === 'prepare') {
      progress = noProgress
      ended = []
    }
    opened.send(encode(message))
  }
  const alive = setInterval(() => send({ kind: 'alive' }), aliveEveryMs)
  const watch = setInterval(() => {
    // Before that, the receiver of its hello has its own time limit.
    if (greeted) silentLooks += 1
    if (silentLooks > looksUntilSilent) lose(`nothing was heard from it for ${silentMs / 1000} s`)
  }, silentMs / looksUntilSilent)
  const stopWatching = () => {
    clearInterval(alive)
    clearInterval(watch)
  }
  void opened.ended.then(async how => {
    stopWatching()
    // Its last lines may arrive after it ended.
    await new Promise(resolve => setTimeout(resolve, 50))
    lose(`it ${how}`)
  })
  return {
    shard,
    host: opened.host,
    lost: () => reason,
    send,
    receive: async (kind, limitMs, signal) => {
      const deadline = AbortSignal.timeout(Math.min(Math.ceil(limitMs), longestTimerMs))
      for (;;) {
        signal.throwIfAborted()
        const [message, ...rest] = queues.get(kind) ?? []
        if (message !== undefined) {
          queues.set(kind, rest)
          return message as MessageOf<typeof kind>
        }
        if (reason === null && deadline.aborted) lose(`no ${kind} came from it within ${Math.round(limitMs / 1000)} s`)
        if (reason !== null) throw lossError(reason)
        await next(changes, [signal, deadline])
      }
    },
    progress: () => progress,
    ended: () => ended.splice(0),
    close: async () => {
      stopWatching()
      await opened.close()
    },
  }
}

/** Error for a lost shard. */
export function lossError(reason: string): FulcrumError {
  return new FulcrumError('failed', 'shard-lost', reason, {
    remedy: 'start `fulcrum shard` on that host by hand: it must say hello',
  })
}

function describeLoss(host: string, shard: number, what: string, lines: readonly string[]): string {
  const last = lines.filter(line => line.trim() !== '').slice(-lastLinesShown)
  return `shard ${shard} on ${host} was lost: ${what}${last.length === 0 ? '' : `; it last said: ${last.join(' / ')}`}`
}

/** Waits until something changes or a signal aborts. */
function next(changes: EventTarget, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      changes.removeEventListener('change', done)
      for (const signal of signals) signal.removeEventListener('abort', done)
      resolve()
    }
    changes.addEventListener('change', done)
    for (const signal of signals) signal.addEventListener('abort', done)
    if (signals.some(signal => signal.aborted)) done()
  })
}
