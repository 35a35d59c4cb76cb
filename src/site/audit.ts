import { appendFile } from 'node:fs/promises'

/** Who did what, and how it ended. */
export interface AuditEntry {
  readonly action: 'login' | 'upload'
  /** Address of the other end of the connection. */
  readonly from: string
  readonly outcome: 'done' | 'refused' | 'failed'
  /** The run of an upload; empty otherwise. */
  readonly run: string
  /** Why it was refused or failed; empty otherwise. */
  readonly why: string
}

/** Notes an entry; a log that can't be written refuses what it was to be noted of. */
export type Audit = (entry: AuditEntry) => Promise<void>

/** An audit log: JSON lines, one for each login and upload, only ever appended to. */
export function auditFile(path: string, now: () => Date = () => new Date()): Audit {
  return async entry => {
    await appendFile(path, `${JSON.stringify({ at: now().toISOString(), ...entry })}\n`, { mode: 0o600 })
  }
}

/** Where nobody logs in or uploads, nothing is noted. */
export const noAudit: Audit = async () => {}
