import { crc32 } from 'node:zlib'
import type { JournalEvent, JournalLine } from './event.ts'

/** `,"crc32":"01234567"}` is always the end of a line, so the checksum covers every byte before it. */
const sealLength = ',"crc32":"'.length + 8 + '"}'.length
const sealPattern = /^,"crc32":"([0-9a-f]{8})"\}$/

/** A decoded line, or the reason why it is invalid. */
export type DecodedLine = { readonly line: JournalLine } | { readonly wrong: string }

const checksumOf = (body: string | Buffer): string => crc32(body).toString(16).padStart(8, '0')

/**
 * Encodes one line of journal.jsonl with its line feed: JSON whose last key is the CRC-32 of all bytes before that key.
 */
export function encodeLine(line: JournalLine): Buffer {
  const body = JSON.stringify({ seq: line.seq, at: line.at, event: line.event }).slice(0, -1)
  return Buffer.from(`${body},"crc32":"${checksumOf(body)}"}\n`)
}

/** Decodes one line without its line feed. Never throws; returns the error as text. */
export function decodeLine(bytes: Buffer): DecodedLine {
  const body = bytes.subarray(0, Math.max(0, bytes.length - sealLength))
  const seal = sealPattern.exec(bytes.subarray(body.length).toString('latin1'))
  if (seal === null) return { wrong: 'the line does not end with its checksum' }
  const checksum = checksumOf(body)
  if (checksum !== seal[1]) return { wrong: `the checksum is ${checksum}, but the line contains ${seal[1]}` }
  try {
    return lineOf(JSON.parse(`${body.toString('utf8')}}`))
  } catch {
    return { wrong: 'the line is not JSON' }
  }
}

/** The checksum proves that the line is intact; this check proves that it is a journal line. */
function lineOf(value: unknown): DecodedLine {
  const { seq, at, event } = value as { seq?: unknown; at?: unknown; event?: { type?: unknown } }
  if (typeof seq !== 'number' || !Number.isInteger(seq) || typeof at !== 'string' || typeof event?.type !== 'string')
    return { wrong: 'the line is not a journal line' }
  return { line: { seq, at, event: event as JournalEvent } }
}
