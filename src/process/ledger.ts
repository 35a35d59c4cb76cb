import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { onExit } from 'signal-exit'
import { FulcrumError } from '../model/index.ts'
import { identityOf, type ProcessIdentity, sendSignal } from './proc.ts'

/** Environment variable of every process that Fulcrum starts, inherited by its children: `<ledger id>/<name>`. */
export const ownerVariable = 'FULCRUM_PROCESS'

/** A started process as the ledger records it. */
export interface LedgerEntry extends ProcessIdentity {
  /** `frontend`, `prefill-0`, `etcd`, … */
  readonly name: string
  readonly argv: readonly string[]
  readonly cwd: string
  /** Folder of the run for which it was started; null outside a run. */
  readonly runFolder: string | null
  /** ISO 8601. */
  readonly startedAt: string
}

/** One Fulcrum process, and every process that it started and has not yet seen end. */
export interface LedgerFile {
  readonly id: string
  readonly host: string
  readonly owner: ProcessIdentity
  readonly processes: readonly LedgerEntry[]
}

/**
 * Processes that this Fulcrum runs. They are recorded on disk, so that the next Fulcrum finds them if this one is
 * killed.
 */
export interface ProcessLedger {
  readonly id: string
  readonly runFolder: string | null
  /**
   * Writes the ledger's file if it does not exist. A process started after that is found even if its entry was not
   * written.
   */
  open(): void
  add(entry: LedgerEntry): void
  remove(entry: LedgerEntry): void
  /** Deletes the ledger's file if it is empty. Safe to call twice. */
  close(): void
}

/** Folder of ledgers, one file per Fulcrum process, for all runs of this user on this machine. */
export function ledgerFolder(env: NodeJS.ProcessEnv = process.env): string {
  const state = env.XDG_STATE_HOME || join(homedir(), '.local/state')
  return join(env.FULCRUM_STATE_DIR || join(state, 'fulcrum'), 'processes')
}

/**
 * Creates the ledger of this process. Its file exists from the first {@link ProcessLedger.open} on. If Fulcrum ends in
 * any way other than SIGKILL or a power cut, every process left in the ledger is killed with it.
 * @throws FulcrumError environment `state-folder-not-writable`
 */
export async function openLedger(options: { runFolder?: string; folder?: string } = {}): Promise<ProcessLedger> {
  const id = randomUUID()
  const folder = options.folder ?? ledgerFolder()
  const file = join(folder, `${id}.json`)
  const owner = await identityOf(process.pid)
  const entries = new Set<LedgerEntry>()

  function write(): void {
    const content: LedgerFile = { id, host: hostname(), owner, processes: [...entries] }
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(`${file}.tmp`, JSON.stringify(content, null, 2), { mode: 0o600 })
      renameSync(`${file}.tmp`, file)
    } catch (error) {
      throw notWritable(folder, error)
    }
  }

  let forgetExit: (() => void) | null = null
  return {
    id,
    runFolder: options.runFolder ?? null,
    open: () => {
      if (forgetExit !== null) return
      write()
      forgetExit = onExit(() => {
        for (const { pid } of entries) sendSignal(-pid, 'SIGKILL')
        rmSync(file, { force: true })
      })
    },
    add: entry => {
      entries.add(entry)
      write()
    },
    remove: entry => {
      if (entries.delete(entry)) write()
    },
    close: () => {
      if (entries.size > 0) return
      forgetExit?.()
      forgetExit = null
      rmSync(file, { force: true })
    },
  }
}

function notWritable(folder: string, cause: unknown): FulcrumError {
  return new FulcrumError(
    'environment',
    'state-folder-not-writable',
    'Could not record the processes that Fulcrum starts',
    {
      where: folder,
      remedy: 'Make the folder writable, or choose another one with FULCRUM_STATE_DIR.',
      cause,
    },
  )
}
