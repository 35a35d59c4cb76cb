import { appendFile } from 'node:fs/promises'

/** An action, who took it, and its result. */
export interface AuditEntry {
  readonly action: 'login' | 'upload'
  /** Address of the client. */
  readonly from: string
  readonly outcome: 'done' | 'refused' | 'failed'
  /** Run of an upload; empty for other actions. */
  readonly run: string
  /** Reason for a refusal or failure; empty otherwise. */
  readonly why: string
}

/** Logs an entry. If the log can't be written, the action is refused. */
export type Audit = (entry: AuditEntry) => Promise<void>

/** An audit log: JSON lines, one for each login and upload, only ever appended to. */
export function auditFile(path: string, now: () => Date = () => new Date()): Audit {
  return async entry => {
    await appendFile(path, `${JSON.stringify({ at: now().toISOString(), ...entry })}\n`, { mode: 0o600 })
  }
}

/** A site without logins and uploads has no log. */
export const noAudit: Audit = async () => {}
