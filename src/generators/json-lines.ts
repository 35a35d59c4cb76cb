import { createReadStream } from 'node:fs'
import { FulcrumError } from '../model/index.ts'

/** One line of a JSON Lines file. */
export interface JsonLine {
  readonly value: unknown
  /** From 1. */
  readonly line: number
  readonly text: string
}

/**
 * The JSON values of a file, line by line; skips empty lines.
 *
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` with file:line:column
 */
export async function* readJsonLines(file: string, signal: AbortSignal): AsyncGenerator<JsonLine> {
  let line = 0
  for await (const text of readLines(file, signal)) {
    line += 1
    if (text.trim() === '') continue
    yield { value: parseLine(text, file, line), line, text }
  }
}

/**
 * Lines of a text file without line ends and byte order mark. Holds one line and one chunk of the file in memory.
 * @throws FulcrumError bad-input `data-file-unreadable`; the signal's reason
 */
async function* readLines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const input = createReadStream(file, { encoding: 'utf8', signal, highWaterMark: 1 << 18 })
  try {
    let rest = ''
    let first = true
    for await (const chunk of input as AsyncIterable<string>) {
      const text = first ? chunk.replace(/^\uFEFF/, '') : rest + chunk
      first = false
      // A \r at the end may be half of a \r\n.
      const whole = text.endsWith('\r') ? text.slice(0, -1) : text
      const lines = whole.split(lineEnd)
      rest = (lines.pop() ?? '') + text.slice(whole.length)
      yield* lines
    }
    const last = rest.split(lineEnd)
    if (last.at(-1) === '') last.pop()
    yield* last
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof FulcrumError) throw cause
    throw fileUnreadable(file, cause)
  } finally {
    input.destroy()
  }
}

const lineEnd = /\r\n|\n|\r/

/** Error for an unreadable data file. */
export function fileUnreadable(file: string, cause: unknown): FulcrumError {
  return new FulcrumError('bad-input', 'data-file-unreadable', `could not read ${file}: ${messageOf(cause)}`, {
    where: file,
    remedy: 'check the path and its permissions',
    cause,
  })
}

/** Error at a position in a data file. */
export function lineError(file: string, line: number, column: number, message: string, remedy: string): FulcrumError {
  const where = `${file}:${line}:${column}`
  return new FulcrumError('bad-input', 'data-line-invalid', `${where}: ${message}; ${remedy}`, { where, remedy })
}

function parseLine(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const message = messageOf(error)
    const column = faultIn(text.trimEnd()) + 1
    const what = message.replace(/ (in JSON )?at position.*$/s, '').replace(/, (\.\.\.)?".*is not valid JSON$/s, '')
    throw lineError(file, line, column, `no JSON: ${what}`, 'write one JSON object per line')
  }
}

/**
 * Position of the first character that cannot continue JSON. V8 reports it only in some messages; others only quote the
 * text. So this finds the longest prefix that merely ends too early.
 */
export function faultIn(text: string): number {
  let sound = 0
  let faulty = text.length + 1
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1
    if (endsTooEarly(text.slice(0, middle))) sound = middle
    else faulty = middle
  }
  return sound
}

function endsTooEarly(start: string): boolean {
  try {
    JSON.parse(start)
    return true
  } catch (error) {
    const message = messageOf(error)
    return /end of JSON|Unterminated/.test(message) || message.includes(`at position ${start.length} `)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
