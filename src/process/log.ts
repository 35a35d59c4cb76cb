import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A process's output: every line into a file, the last ones at hand. */
export interface ProcessLog {
  readonly file: string
  /** Reads a stream line by line to its end. */
  follow(stream: Readable, onLine?: (line: string) => void): void
  lastLines(): readonly string[]
  /** Resolves when everything is in the file. */
  close(): Promise<void>
}

/** Enough for a Python traceback and what led to it. */
const keptLines = 200
const longestKeptLine = 4096

/**
 * Opens a log that appends to `file`. When the file cannot be written (disk full, no access) the last lines are still
 * kept, and the process is still drained: a full disk must not stall a worker on its own output.
 * @param watchLine sees every line of the log, secrets hidden
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
