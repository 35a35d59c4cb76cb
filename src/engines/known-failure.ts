import type { FaultKind } from '../model/index.ts'

/** What a known failure in a worker's log asks for. */
export interface Advice {
  readonly code: string
  readonly kind: FaultKind
  readonly remedy: string
  /** False where the same configuration fails the same way each time: another try would only load the model again. */
  readonly retryable?: false
}

/** A failure that is recognized by a line of a worker's log. */
export interface KnownFailure extends Advice {
  readonly pattern: RegExp
  /** Another failure usually causes it: it counts only when the log has nothing else. */
  readonly consequence?: true
}
