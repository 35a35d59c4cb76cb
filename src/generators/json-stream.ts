import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { FulcrumError } from '../model/index.ts'

/** Layout of the JSON values in a file. */
export type JsonForm =
  /** One value per line. */
  | 'lines'
  /** The elements of one array. */
  | 'array'
  /** Elements of `{"data": […]}`, the input format of genai-perf and AIPerf. */
  | 'data'
  /** Consecutive values, each over several lines. */
  | 'values'

/** One unparsed value of a file. */
export interface JsonText {
  readonly text: string
  /** Where it begins; both from 1. */
  readonly line: number
  readonly column: number
  /** Error that is detected before parsing: the file ends within the value. */
  readonly flaw?: string
}

/** A file of JSON values, to be read once from start to end. */
export interface JsonFile {
  readonly form: JsonForm
  readonly texts: AsyncIterable<JsonText>
  /** SHA-256 of all bytes, hex; valid once {@link texts} has ended. */
  sha256(): string
}

/** A longer value (in UTF-16 units) indicates a missing bracket or quote. */
const longestValue = 64 * 1024 * 1024
/** Large enough for the first line of nearly every file. */
const pieceBytes = 1 << 20

/**
 * Opens a file of JSON values in any layout. Holds one value in memory at a time. Accepts a byte order mark, CRLF and
 * empty lines.
 *
 * @throws FulcrumError bad-input `data-file-unreadable` if it is missing, not a file, or not UTF-8 text (compressed,
 *   UTF-16); `data-line-invalid` while reading, for a value longer than 64 MiB
 */
export async function openJson(file: string, signal: AbortSignal): Promise<JsonFile> {
  const hash = createHash('sha256')
  const pieces = decoded(file, hash, signal)
  const first = await pieces.next()
  const head = first.done === true ? '' : first.value
  const form = formOf(head)
  async function* all(): AsyncGenerator<string> {
    if (head !== '') yield head
    yield* pieces
  }
  return {
    form,
    texts: splitJson(file, all(), form),
    sha256: () => hash.copy().digest('hex'),
  }
}

/**
 * Values of a text that arrives in arbitrary pieces.
 * @param file for messages
 * @throws FulcrumError bad-input `data-line-invalid` for a value longer than 64 MiB
 */
export function splitJson(file: string, pieces: AsyncIterable<string>, form: JsonForm): AsyncGenerator<JsonText> {
  return form === 'lines' ? linesOf(file, pieces) : valuesOf(file, pieces, form)
}

/** @param head start of the file, as much as was read at once */
function formOf(head: string): JsonForm {
  const start = head.trimStart()
  const lineEnd = start.indexOf('\n')
  const line = lineEnd < 0 ? start : start.slice(0, lineEnd)
  const more = lineEnd >= 0 && start.slice(lineEnd).trim() !== ''
  const kind = completeness(line)
  const isAlone = kind !== 'complete' || !more
  if (start.startsWith('[')) return isAlone ? 'array' : 'lines'
  if (/^\{\s*"data"\s*:\s*\[/.test(start) && isAlone) return 'data'
  return start.startsWith('{') && kind === 'open' && more ? 'values' : 'lines'
}

/**
 * Whether brackets and quotes of a text are closed. A text that ends within a string cannot continue on the next line.
 */
function completeness(text: string): 'complete' | 'open' | 'in a string' {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (inString) {
      if (char === backslash) at++
      else if (char === quote) inString = false
    } else if (char === quote) inString = true
    else if (char === openBrace || char === openBracket) depth++
    else if (char === closeBrace || char === closeBracket) depth--
  }
  return inString ? 'in a string' : depth > 0 ? 'open' : 'complete'
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const lineFeed = 0x0a

const isSpace = (char: number) => char === 0x20 || char === 0x09 || char === lineFeed || char === 0x0d

async function* linesOf(file: string, pieces: AsyncIterable<string>): AsyncGenerator<JsonText> {
  let line = 0
  let rest = ''
  const textOf = (text: string) => ({ text: text.endsWith('\r') ? text.slice(0, -1) : text, line, column: 1 })
  for await (const piece of pieces) {
    let start = 0
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
      line++
      const text = textOf(rest + piece.slice(start, end))
      rest = ''
      start = end + 1
      if (text.text.trim() !== '') yield text
    }
    rest += piece.slice(start)
    refuseEndless(file, rest.length, line + 1)
  }
  line++
  if (rest.trim() !== '') yield textOf(rest)
}

type State = 'before' | 'between' | 'within' | 'after'

async function* valuesOf(
  file: string,
  pieces: AsyncIterable<string>,
  form: Exclude<JsonForm, 'lines'>,
): AsyncGenerator<JsonText> {
  const inArray = form !== 'values'
  let state: State = inArray ? 'before' : 'between'
  let depth = 0
  let inString = false
  let escaped = false
  /** Whether a comma must come before the next element. */
  let owed = false
  let line = 1
  /** Number of characters in earlier pieces, and the start of the line among all characters. */
  let gone = 0
  let lineStart = 0
  let begun = { line: 1, column: 1 }
  let parts: string[] = []
  let size = 0
  for await (const piece of pieces) {
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      const char = piece.charCodeAt(at)
      if (char === lineFeed) {
        line++
        lineStart = gone + at + 1
      }
      if (state === 'within') {
        if (inString) {
          if (escaped) escaped = false
          else if (char === backslash) escaped = true
          else if (char === quote) inString = false
          continue
        }
        if (char === quote) inString = true
        else if (char === openBrace || char === openBracket) depth++
        else if (depth > 0) {
          if (char === closeBrace || char === closeBracket) depth--
          if (depth > 0 || inArray) continue
          yield { text: parts.join('') + piece.slice(from, at + 1), ...begun }
          parts = []
          size = 0
          state = 'between'
        } else if (inArray && (char === comma || char === closeBracket)) {
          yield { text: (parts.join('') + piece.slice(from, at)).trimEnd(), ...begun }
          parts = []
          size = 0
          owed = char === comma
          state = char === comma ? 'between' : 'after'
        } else if (!inArray && char === lineFeed) {
          yield { text: (parts.join('') + piece.slice(from, at)).trimEnd(), ...begun }
          parts = []
          size = 0
          state = 'between'
        }
        continue
      }
      if (isSpace(char)) continue
      const place = { line, column: gone + at - lineStart + 1 }
      if (state === 'before') {
        if (char === openBracket) state = 'between'
      } else if (state === 'after') {
        // Anything after the data of genai-perf's inputs belongs to other fields.
        if (form === 'array') {
          yield { text: '', ...place, flaw: 'there is more text after the end of the array' }
          return
        }
      } else if (inArray && char === closeBracket) {
        if (owed) yield { text: '', ...place, flaw: 'nothing follows a comma' }
        state = 'after'
      } else if (inArray && char === comma) {
        yield { text: '', ...place, flaw: 'nothing precedes a comma' }
        owed = true
      } else {
        begun = place
        from = at
        state = 'within'
        depth = char === openBrace || char === openBracket ? 1 : 0
        inString = char === quote
      }
    }
    if (state === 'within') {
      parts.push(piece.slice(from))
      size += piece.length - from
      refuseEndless(file, size, begun.line)
    }
    gone += piece.length
  }
  if (state === 'within') yield { text: parts.join(''), ...begun, flaw: 'the file ends within this row' }
  else if (inArray && (state as State) !== 'after') {
    const place = { line, column: Math.max(1, gone - lineStart) }
    yield { text: '', ...place, flaw: 'the file ends before its array does' }
  }
}

function refuseEndless(file: string, length: number, line: number): void {
  if (length <= longestValue) return
  const where = `${file}:${line}:1`
  const remedy = 'look for a missing quote, bracket or line end there'
  throw new FulcrumError(
    'bad-input',
    'data-line-invalid',
    `${where}: a row is longer than ${longestValue / 2 ** 20} MiB; ${remedy}`,
    { where, remedy },
  )
}

/** First bytes of files that are not text, and the remedy. */
const foreign: readonly (readonly [start: readonly number[], what: string, remedy: string])[] = [
  [[0x1f, 0x8b], 'compressed with gzip', 'unpack it with `gunzip --keep`'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with Zstandard', 'unpack it with `unzstd`'],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2', 'unpack it with `bunzip2 --keep`'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz', 'unpack it with `unxz --keep`'],
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive', 'unpack it with `unzip`'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', 'write its rows as JSON, one per line'],
  [[0xff, 0xfe], 'in UTF-16', 'save it as UTF-8'],
  [[0xfe, 0xff], 'in UTF-16', 'save it as UTF-8'],
]

/** Text of the file, piece by piece, without a byte order mark. Hashes every byte. */
async function* decoded(
  file: string,
  hash: { update(bytes: Uint8Array): unknown },
  signal: AbortSignal,
): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let isFirst = true
  try {
    for await (const bytes of createReadStream(file, { signal, highWaterMark: pieceBytes }) as AsyncIterable<Buffer>) {
      hash.update(bytes)
      if (isFirst) refuseForeign(file, bytes)
      isFirst = false
      yield decoder.decode(bytes, { stream: true })
    }
    const rest = decoder.decode()
    if (rest !== '') yield rest
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof FulcrumError) throw cause
    throw unreadable(file, messageOf(cause), 'check the path and its permissions', cause)
  }
  return undefined
}

function refuseForeign(file: string, bytes: Uint8Array): void {
  const found = foreign.find(([start]) => start.every((byte, at) => bytes[at] === byte))
  if (found !== undefined) throw unreadable(file, `it is ${found[1]}`, found[2])
  if (bytes.subarray(0, 4096).includes(0)) throw unreadable(file, 'it holds no text', 'name a file of JSON lines')
}

function unreadable(file: string, why: string, remedy: string, cause?: unknown): FulcrumError {
  return new FulcrumError('bad-input', 'data-file-unreadable', `could not read ${file}: ${why}; ${remedy}`, {
    where: file,
    remedy,
    cause,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
