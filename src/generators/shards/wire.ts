import type { RequestRecords } from '../../metrics/records.ts'
import type { Endpoint } from '../../model/index.ts'
import type { JobLoad, JobResult } from '../built-in/job.ts'
import type { LiveMessage } from '../built-in/live-table.ts'
import type { TableSize } from '../built-in/look-table.ts'

/** Increase it when messages change: both ends must use the same version. */
export const protocol = 6

/** Both ends send something at least this often, so silence means that the other end is gone. */
export const aliveEveryMs = 1000

/** Messages from the coordinator to a shard. Times are on the shard's own monotonic clock, ms. */
export type ToShard =
  | { readonly kind: 'clock'; readonly id: number }
  /** A load without its requests' bytes, which follow in pieces. */
  | {
      readonly kind: 'prepare'
      readonly load: JobLoad
      readonly byteLength: number
      readonly endpoint: Endpoint
      readonly ca: string | null
      readonly threads: number | null
      /** Absent if measured values do not decide how long the load runs. */
      readonly table?: TableSize
    }
  | { readonly kind: 'piece'; readonly at: number; readonly bytes: Uint8Array }
  /** All pieces have been sent: connect, and wait at the barriers. */
  | { readonly kind: 'connect' }
  | { readonly kind: 'start'; readonly atMs: number }
  /** Requests sent from now on are not measured. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'alive' }

/** Messages from a shard to the coordinator. */
export type FromShard =
  | {
      readonly kind: 'hello'
      readonly protocol: number
      /** Version of the generator; shards that would measure differently are rejected. */
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
  /**
   * All threads are waiting for the start of the warm-up (0), the start of the window (1), or the end of the load (2).
   */
  | { readonly kind: 'gathered'; readonly barrier: number }
  | {
      readonly kind: 'progress'
      readonly warmup: number
      readonly measured: number
      readonly live: readonly LiveMessage[]
    }
  /**
   * All requests of the warm-up that have ended, and measured ones since the last message: whole conversations only,
   * without a gap. Times are on the shard's own monotonic clock.
   */
  | {
      readonly kind: 'ended'
      readonly records: RequestRecords
      /** Number of measured rows that have ended so far, including those that were never sent. */
      readonly measured: number
      readonly isWarmupOver: boolean
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
 * Prefixes of message lines, and of those continued on the next line. Other lines come from a login shell or a
 * launcher.
 */
const lastLine = 'fulcrum-shard '
const partLine = 'fulcrum-shard+ '

/** Longer messages take several lines, because silence is measured between lines and 100 MB take a while. */
const lineLength = 1024 * 1024

/** Encodes a message as lines of text. Typed arrays and numbers that JSON lacks are preserved exactly. */
export function encode(message: ToShard | FromShard): string {
  const text = JSON.stringify(message, (_, value: unknown) => pack(value))
  let lines = ''
  let at = 0
  for (; text.length - at > lineLength; at += lineLength) lines += `${partLine}${text.slice(at, at + lineLength)}\n`
  return `${lines}${lastLine}${text.slice(at)}`
}

/** Meaning of a line: it completes a message, is part of one, or is not ours. */
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

/** Copies to a separate buffer, because typed arrays must begin at a multiple of their element's size. */
function bytesOf(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer
}
