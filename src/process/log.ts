import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Output of a process: every line goes to a file, and the last ones are kept in memory. */
export interface ProcessLog {
  readonly file: string
  /** Reads a stream line by line to its end. */
  follow(stream: Readable, onLine?: (line: string) => void): void
  lastLines(): readonly string[]
  /** Resolves once everything is in the file. */
  close(): Promise<void>
}

/** Enough for a Python traceback and the lines before it. */
const keptLines = 200
const longestKeptLine = 4096

/**
 * Opens a log that appends to `file`. If the file cannot be written (disk full, no access), the last lines are still
 * kept and the output is still read, so that a full disk does not block a worker.
 * @param watchLine receives every line of the log, with secrets hidden
 */
export function openLog(
  file: string,
  hideSecrets: (text: string) => string,
  watchLine: (line: string) => void = () => {},
): ProcessLog {
  const lines: string[] = []
  let writable = true
  try {
    mkdirSync(dirname(file), { recursive: true })
  } catch {
    writable = false
  }
  const output = writable ? createWriteStream(file, { flags: 'a' }) : null
  output?.on('error', () => {
    writable = false
  })

  function add(raw: string): void {
    const line = hideSecrets(raw)
    watchLine(line)
    lines.push(line.length > longestKeptLine ? `${line.slice(0, longestKeptLine)}…` : line)
    if (lines.length > keptLines) lines.shift()
    if (writable) output?.write(`${line}\n`)
  }

  return {
    file,
    follow: (stream, onLine) => {
      const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
      reader.on('line', line => {
        if (onLine === undefined) add(line)
        else onLine(line)
      })
      stream.on('error', () => reader.close())
    },
    lastLines: () => lines.slice(),
    close: () =>
      new Promise(resolve => {
        if (output === null || !writable) return resolve()
        output.end(resolve)
      }),
  }
}
