import { crc32 } from 'node:zlib'
import { FulcrumError } from '../model/index.ts'
import type { JournalLine } from './event.ts'
import { decodeLine } from './line.ts'

/** Contents of a journal: every whole line, and where a torn tail begins. */
export interface Scan {
  readonly lines: readonly JournalLine[]
  /** Bytes up to and including the last whole line. */
  readonly goodBytes: number
  /** Bytes of a torn last line; 0 if there is none. */
  readonly tornBytes: number
  /** CRC-32 of the good bytes, by which a later scan recognizes them. */
  readonly checksum: number
}

const nothing: Scan = { lines: [], goodBytes: 0, tornBytes: 0, checksum: 0 }

const lineFeed = 0x0a

/**
 * Reads a whole journal and leaves out an unfinished last line. An append is one write, so only a kill or a power cut
 * leaves such a line. Any other damage is an error, because skipping it would silently lose a measurement.
 *
 * @param file path of the journal, for `file:line` in errors
 * @param earlier an earlier scan of the file. While the file still begins with the same bytes, only lines after them are
 *   decoded
 * @throws FulcrumError (environment, `journal-corrupt`) with `file:line` and byte offset
 */
export function scanJournal(bytes: Buffer, file: string, earlier: Scan = nothing): Scan {
  const known = beginsWith(bytes, earlier) ? earlier : nothing
  const lines: JournalLine[] = [...known.lines]
  let from = known.goodBytes
  while (from < bytes.length) {
    const end = bytes.indexOf(lineFeed, from)
    if (end === -1) break
    const decoded = decodeLine(bytes.subarray(from, end))
    if ('wrong' in decoded) {
      if (end + 1 === bytes.length && neverWritten(bytes, from)) break
      throw corrupt(file, lines.length + 1, from, decoded.wrong)
    }
    if (decoded.line.seq !== lines.length)
      throw corrupt(file, lines.length + 1, from, outOfSequence(decoded.line.seq, lines.length))
    lines.push(decoded.line)
    from = end + 1
  }
  // A whole line followed by one more byte is not torn: its line feed was changed.
  if (from < bytes.length && 'line' in decodeLine(bytes.subarray(from, -1)))
    throw corrupt(file, lines.length + 1, from, 'the line feed at its end was changed')
  const checksum = crc32(bytes.subarray(known.goodBytes, from), known.checksum)
  return { lines, goodBytes: from, tornBytes: bytes.length - from, checksum }
}

const beginsWith = (bytes: Buffer, { goodBytes, checksum }: Scan): boolean =>
  bytes.length >= goodBytes && crc32(bytes.subarray(0, goodBytes)) === checksum

/** Smallest unit that a disk writes. */
const sectorBytes = 512

/**
 * Whether sectors of the last line were allocated but never written, as after a power cut: whole sectors of NUL bytes.
 */
function neverWritten(bytes: Buffer, from: number): boolean {
  const start = bytes.indexOf(0, from)
  if (start === -1) return false
  let end = start
  while (end < bytes.length && bytes[end] === 0) end++
  return (start === from || start % sectorBytes === 0) && end % sectorBytes === 0
}

function outOfSequence(got: number, wanted: number): string {
  if (got < wanted) return `sequence number ${got} appears twice (expected ${wanted})`
  const lost = got - wanted
  return `sequence number ${got} instead of ${wanted}: ${lost === 1 ? '1 line is' : `${lost} lines are`} missing`
}

function corrupt(file: string, lineNumber: number, offset: number, what: string): FulcrumError {
  return new FulcrumError(
    'environment',
    'journal-corrupt',
    `The journal is damaged at line ${lineNumber}, byte ${offset}: ${what}`,
    {
      where: `${file}:${lineNumber}`,
      remedy: `Restore the file from a copy, or keep the good part by cutting it to ${offset} bytes: truncate -s ${offset} ${file}`,
    },
  )
}
