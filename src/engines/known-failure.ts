import type { FaultKind } from '../model/index.ts'

/** What to do about a known failure in a worker's log. */
export interface Advice {
  readonly code: string
  readonly kind: FaultKind
  readonly remedy: string
  /** False if the same configuration always fails in the same way. Another try would only load the model again. */
  readonly retryable?: false
}

/** A failure that a line of a worker's log identifies. */
export interface KnownFailure extends Advice {
  readonly pattern: RegExp
  /** Whether another failure usually causes it. It counts only if the log has no other. */
  readonly consequence?: true
}
