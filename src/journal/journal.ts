import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { FulcrumError } from '../model/index.ts'
import { redactor, redactStrings } from '../model/index.ts'
import { diskError, syncFolder } from './disk.ts'
import type { JournalEvent, JournalLine } from './event.ts'
import { encodeLine } from './line.ts'
import { type Scan, scanJournal } from './scan.ts'

/** The journal's name in a run folder. */
export const journalFile = 'journal.jsonl'

/** The single record of a run, open for appending. The run's lock allows one per folder. */
export interface Journal extends AsyncDisposable {
  readonly file: string
  /** All lines so far, including earlier attempts. */
  readonly lines: readonly JournalLine[]
  /**
   * Resolves once the line is durably on disk. Concurrent appends are written one after another.
   * @throws FulcrumError (environment) if the line cannot be written; the file then ends with the line before
   */
  append(event: JournalEvent): Promise<JournalLine>
  close(): Promise<void>
}

/** Clock and redaction of a journal, and what is already known of it. */
export interface JournalOptions {
  /** Clock for the timestamps of lines; default: the wall clock. */
  readonly now?: () => Date
  /** Removes secrets from every string of an event; default: those in this process's environment. */
  readonly redact?: (text: string) => string
  /** A scan from before the lock was taken. Lines that are still the same are not decoded again. */
  readonly earlier?: Scan
}

/**
 * Opens or creates a run's journal. Cuts off a torn last line and records this in a note; any other damage is an error.
 * @throws FulcrumError (environment, `journal-corrupt`, `disk-full`, `disk-read-only`, …)
 */
export async function openJournal(folder: string, options: JournalOptions = {}): Promise<Journal> {
  const file = join(folder, journalFile)
  const now = options.now ?? (() => new Date())
  const redact = options.redact ?? redactor(process.env)
  try {
    const handle = await open(file, 'a+')
    try {
      const scan = scanJournal(await handle.readFile(), file, options.earlier)
      if (scan.tornBytes > 0) await handle.truncate(scan.goodBytes)
      if (scan.lines.length === 0) await syncFolder(folder)
      const journal = journalOn(handle, file, { now, redact, lines: [...scan.lines], length: scan.goodBytes })
      if (scan.tornBytes > 0) await journal.append(repairNote(scan.tornBytes, scan.goodBytes))
      return journal
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (error) {
    throw diskError(error, 'open the journal', file)
  }
}

function repairNote(tornBytes: number, goodBytes: number): JournalEvent {
  const message = `Cut off a torn last line (${tornBytes} bytes at byte ${goodBytes}): the run was killed while writing it`
  return { type: 'note', message }
}

interface JournalState {
  readonly now: () => Date
  readonly redact: (text: string) => string
  readonly lines: JournalLine[]
  /** Bytes known to be valid. */
  length: number
}

function journalOn(handle: FileHandle, file: string, state: JournalState): Journal {
  let last: Promise<unknown> = Promise.resolve()
  let broken: FulcrumError | null = null

  const write = async (event: JournalEvent): Promise<JournalLine> => {
    if (broken !== null) throw broken
    const line = { seq: state.lines.length, at: state.now().toISOString(), event: redactStrings(event, state.redact) }
    const bytes = encodeLine(line)
    try {
      await writeWhole(handle, bytes)
      await handle.datasync()
    } catch (error) {
      broken = await takeBack(handle, file, state.length, error)
      throw broken
    }
    state.length += bytes.length
    state.lines.push(line)
    return line
  }

  const close = async () => {
    await last
    await handle.close()
  }
  return {
    file,
    lines: state.lines,
    append(event) {
      const line = last.then(() => write(event))
      last = line.catch(() => undefined)
      return line
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Usually takes one write. A disk that fills up accepts a part first and then refuses the rest. */
async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten
}

/**
 * Truncates a half-written line. After a failed sync the content on disk is unknown, so this journal accepts no more
 * lines; the next process to open the file reads what is really there.
 */
async function takeBack(handle: FileHandle, file: string, length: number, cause: unknown): Promise<FulcrumError> {
  await handle.truncate(length).catch(() => undefined)
  return diskError(cause, 'write to the journal', file)
}
