/** Reason why a request did not count. */
export type ErrorKind =
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'http-status'
  | 'broken-stream'
  | 'server-error'
  | 'bad-response'
  | 'short-output'
  | 'cancelled'
  /** This machine had no socket or port left for the connection. */
  | 'no-socket'

/** One kind of failure, with an example for the user. */
export interface RequestErrors {
  readonly kind: ErrorKind
  readonly count: number
  /** First message of this kind without secrets, at most 500 characters. */
  readonly example: string
}
