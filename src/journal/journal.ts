import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { FulcrumError } from '../model/index.ts'
import { redactor, redactStrings } from '../model/index.ts'
import { diskError, syncFolder } from './disk.ts'
import type { JournalEvent, JournalLine } from './event.ts'
import { encodeLine } from './line.ts'
import { scanJournal } from './scan.ts'

/** The journal's name in a run folder. */
export const journalFile = 'journal.jsonl'

/** The run's only truth, open for appending. One at a time per folder: the run's lock sees to that. */
export interface Journal extends AsyncDisposable {
  readonly file: string
  /** Every line so far, those of earlier attempts included. */
  readonly lines: readonly JournalLine[]
  /**
   * Resolves when the line is on the disk for good. Appends made at once are written one after another.
   * @throws FulcrumError (environment) when it could not be written; the file then ends with the line before
   */
  append(event: JournalEvent): Promise<JournalLine>
  close(): Promise<void>
}

export interface JournalOptions {
  /** Time stamped on lines; the wall clock unless given. */
  readonly now?: () => Date
  /** Takes secrets out of every string of an event; by default those of this process's environment. */
  readonly redact?: (text: string) => string
}

/**
 * Opens or creates a run's journal. A torn last line is cut off and a note says so; any other damage is an error.
 * @throws FulcrumError (environment, `journal-corrupt`, `disk-full`, `disk-read-only`, …)
 */
export async function openJournal(folder: string, options: JournalOptions = {}): Promise<Journal> {
  const file = join(folder, journalFile)
  const now = options.now ?? (() => new Date())
  const redact = options.redact ?? redactor(process.env)
  try {
    const handle = await open(file, 'a+')
    try {
      const scan = scanJournal(await handle.readFile(), file)
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
  /** Bytes known to be good. */
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

/** One write as a rule; a disk that fills up takes a part first and refuses the rest. */
async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten
}

/**
 * Cuts a half-written line off again. After a failed sync nobody knows what the disk holds, so this journal takes no
 * more lines: whoever opens the file next reads what is really there.
 */
async function takeBack(handle: FileHandle, file: string, length: number, cause: unknown): Promise<FulcrumError> {
  await handle.truncate(length).catch(() => undefined)
  return diskError(cause, 'write to the journal', file)
}
