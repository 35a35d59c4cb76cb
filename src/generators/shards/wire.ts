import type { Endpoint } from '../../model/index.ts'
import type { JobLoad, JobResult } from '../built-in/job.ts'
import type { LiveMessage } from '../built-in/live-table.ts'

/** Raised when messages change: both ends must speak the same. */
export const protocol = 4

/** Both ends speak at least so often, so that silence means that the other is gone. */
export const aliveEveryMs = 1000

/** What the coordinator says to a shard. Times are the shard's own monotonic clock, ms. */
export type ToShard =
  | { readonly kind: 'clock'; readonly id: number }
  /** A load, its requests' bytes left out: they follow in pieces. */
  | {
      readonly kind: 'prepare'
      readonly load: JobLoad
      readonly byteLength: number
      readonly endpoint: Endpoint
      readonly ca: string | null
      readonly threads: number | null
    }
  | { readonly kind: 'piece'; readonly at: number; readonly bytes: Uint8Array }
  /** All pieces are there: connect, and wait at the barriers. */
  | { readonly kind: 'connect' }
  | { readonly kind: 'start'; readonly atMs: number }
  | { readonly kind: 'alive' }

/** What a shard says to the coordinator. */
export type FromShard =
  | {
      readonly kind: 'hello'
      readonly protocol: number
      /** Of the generator: shards that would measure differently are refused. */
      readonly version: string
      readonly hostname: string
      readonly cores: number
    }
  | {
      readonly kind: 'clock'
      readonly id: number
      readonly receivedMs: number
      readonly sentMs: number
      /** Wall clock minus monotonic clock. */
      readonly wallMs: number
    }
  /** All threads wait for the start of the warm-up (0), of the window (1), or for the end of the load (2). */
  | { readonly kind: 'gathered'; readonly barrier: number }
  | {
      readonly kind: 'progress'
      readonly warmup: number
      readonly measured: number
      readonly live: readonly LiveMessage[]
    }
  | {
      readonly kind: 'result'
      readonly results: readonly JobResult[]
      readonly clockJumpMs: number
      readonly lookupMs: number
    }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'alive' }

/**
 * What lines of messages begin with, and what those that go on in the next line do; others are a login shell's or a
 * launcher's.
 */
const lastLine = 'fulcrum-shard '
const partLine = 'fulcrum-shard+ '

/** Longer messages take several lines: silence is counted between lines, and 100 MB take a while. */
const lineLength = 1024 * 1024

/** A message as lines of text; typed arrays and numbers that JSON lacks come through bit by bit. */
export function encode(message: ToShard | FromShard): string {
  const text = JSON.stringify(message, (_, value: unknown) => pack(value))
  let lines = ''
  let at = 0
  for (; text.length - at > lineLength; at += lineLength) lines += `${partLine}${text.slice(at, at + lineLength)}\n`
  return `${lines}${lastLine}${text.slice(at)}`
}

/** What a line was: a message that is complete with it, a part of one, or none of ours. */
export type Heard<Message> = { readonly message: Message } | 'part' | 'noise'

/** Reads the lines of one direction. */
export function createDecoder<Message extends ToShard | FromShard>(): (line: string) => Heard<Message> {
  let parts: string[] = []
  return line => {
    if (line.startsWith(partLine)) {
      parts.push(line.slice(partLine.length))
      return 'part'
    }
    if (!line.startsWith(lastLine)) return 'noise'
    const text = parts.join('') + line.slice(lastLine.length)
    parts = []
    try {
      return { message: JSON.parse(text, (_, value: unknown) => unpack(value)) as Message }
    } catch {
      return 'noise'
    }
  }
}

function pack(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) }
  if (value instanceof Float64Array) return { $f64: base64(value) }
  if (value instanceof Uint32Array) return { $u32: base64(value) }
  if (value instanceof Uint8Array) return { $u8: base64(value) }
  return value
}

function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [entry, another] = Object.entries(value)
  if (entry === undefined || another !== undefined || typeof entry[1] !== 'string') return value
  const [key, text] = entry
  if (key === '$number') return Number(text)
  if (key === '$f64') return new Float64Array(bytesOf(text))
  if (key === '$u32') return new Uint32Array(bytesOf(text))
  if (key === '$u8') return new Uint8Array(bytesOf(text))
  return value
}

function base64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** In memory of its own: other arrays want to begin at a multiple of their element's size. */
function bytesOf(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer
}
