import type { ErrorKind, RequestErrors } from '../../metrics/measurement.ts'

/** Why a request failed. */
export interface Failure {
  readonly kind: ErrorKind
  readonly message: string
}

const maxExample = 500

/** Failures by kind with the first message of each. */
export class FailureCount {
  readonly #kinds = new Map<ErrorKind, { count: number; example: string }>()

  add(failure: Failure): void {
    const known = this.#kinds.get(failure.kind)
    if (known === undefined) this.#kinds.set(failure.kind, { count: 1, example: failure.message })
    else known.count += 1
  }

  list(): RequestErrors[] {
    return [...this.#kinds].map(([kind, { count, example }]) => ({ kind, count, example }))
  }
}

/** Combines the counts of several threads; `redact` removes secrets from the examples. */
export function mergeErrors(
  lists: readonly (readonly RequestErrors[])[],
  redact: (text: string) => string,
): RequestErrors[] {
  const merged = new Map<ErrorKind, { count: number; example: string }>()
  for (const error of lists.flat()) {
    const known = merged.get(error.kind)
    if (known === undefined) merged.set(error.kind, { count: error.count, example: shorten(redact(error.example)) })
    else known.count += error.count
  }
  return [...merged].map(([kind, { count, example }]) => ({ kind, count, example })).sort((a, b) => b.count - a.count)
}

function shorten(text: string): string {
  return text.length > maxExample ? `${text.slice(0, maxExample - 1)}…` : text
}

/** Classifies a socket error: before the connection was open, or after the request was written. */
export function socketFailure(error: NodeJS.ErrnoException, connected: boolean, where: string): Failure {
  const code = error.code ?? ''
  const limit = localLimits[code]
  if (limit !== undefined) return { kind: 'no-socket', message: `no connection to ${where}: ${limit} (${code})` }
  if (isTls(code)) return { kind: 'tls', message: `TLS with ${where} failed: ${error.message}${trust(code)}` }
  if (!connected) return { kind: 'connect', message: `could not connect to ${where}: ${reason(error)}` }
  return { kind: 'broken-stream', message: `the connection to ${where} broke: ${reason(error)}` }
}

/** Errors caused by this machine, not by the server. */
const localLimits: Readonly<Record<string, string>> = {
  EMFILE: 'this process may open no more files, see ulimit -n',
  ENFILE: 'this machine may open no more files, see fs.file-max',
  EADDRNOTAVAIL: 'all local ports are in use for connections to that address, see net.ipv4.ip_local_port_range',
  ENOBUFS: 'the kernel has no memory for another socket, see net.ipv4.tcp_mem',
}

function isTls(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO)/.test(code)
}

/** Remedy for a certificate that no trusted authority has signed. */
function trust(code: string): string {
  if (!/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|DEPTH_ZERO/.test(code)) return ''
  return '; to trust it, set NODE_EXTRA_CA_CERTS to a PEM file with the certificate or its authority'
}

function reason(error: NodeJS.ErrnoException): string {
  // Errors of each address that was tried are nested.
  if (error instanceof AggregateError) return error.errors.map(String).join('; ')
  return error.message
}
