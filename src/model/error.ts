/** Cause of an error: the user's input, the environment, or a part of the sweep that failed. */
export type FaultKind = 'bad-input' | 'environment' | 'failed'

/**
 * An error for users: what happened, where, and what to do. Printed without a stack trace.
 *
 * @example
 * ```ts
 * import { FulcrumError, planSweep } from 'fulcrum'
 *
 * try {
 *   await planSweep('no-such-sweep.yaml')
 * } catch (error) {
 *   if (!(error instanceof FulcrumError)) throw error
 *   console.log(error.kind, error.code, error.message, error.remedy ?? '')
 * }
 * ```
 */
export class FulcrumError extends Error {
  override readonly name = 'FulcrumError'
  readonly kind: FaultKind
  /** Kebab-case, stable for scripts: `sweep-file-invalid`, `port-taken`, `worker-not-ready`, … */
  readonly code: string
  /** `file:line:column`, a URL or a process; absent if the message contains it. */
  readonly where: string | undefined
  /** What to do about it. */
  readonly remedy: string | undefined
  /** Whether an immediate retry may succeed. Default: only for failed parts of the sweep. */
  readonly retryable: boolean

  constructor(
    kind: FaultKind,
    code: string,
    message: string,
    more: {
      where?: string | undefined
      remedy?: string | undefined
      cause?: unknown
      retryable?: boolean | undefined
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.kind = kind
    this.code = code
    this.where = more.where
    this.remedy = more.remedy
    this.retryable = more.retryable ?? kind === 'failed'
  }
}
