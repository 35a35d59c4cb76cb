import { setTimeout as sleep } from 'node:timers/promises'
import { FulcrumError } from '../model/index.ts'

/** Why ssh could not reach a host, or lost it: not an answer of the program that it was to run there. */
export interface SshFailure {
  /** ssh's own last words. */
  readonly why: string
  /** Whether the next try may succeed: the server was busy, or a connection was cut. */
  readonly passing: boolean
}

/** ssh ends with this code when it fails itself; a program on the host may do so too. */
const failureCode = 255

/**
 * Connections that were cut while they were being made. A server drops some at random when more than ten at once
 * haven't authenticated yet (`MaxStartups`), and says nothing about it.
 */
const passing = [
  /^(kex|ssh)_exchange_identification: /,
  /^banner exchange: /,
  /^Connection (reset|closed) by \S+( port \d+)?$/,
  /^Connection timed out during banner exchange$/,
  /^ssh_dispatch_run_fatal: Connection to /,
  /^Read from remote host .*: Connection reset by peer$/,
  /(^client_loop: send disconnect|^(packet_write_(wait|poll)|mux_client_\w+): .*): Broken pipe$/,
  /^Received disconnect from \S+ .*: Too many (logons|connections)/i,
]

/** What else ssh says when it ends for its own reasons. */
const lasting = [
  /^ssh: /,
  /(^|: )Permission denied \([\w,-]*\)\.$/,
  /^Permission denied, please try again\.$/,
  /^Host key verification failed\.$/,
  /^Connection to \S+( port \d+)? (timed out|closed by remote host\.)$/,
  /^Connection (closed|reset) by UNKNOWN/,
  /^(Received disconnect|Disconnected) from /,
  /^Timeout, server \S+ not responding\.$/,
  /^Unable to negotiate with /,
  /^Too many authentication failures$/,
  /^No \S+ host key is known for /,
  /^\S+: line \d+: Bad configuration option: /,
  /^\S+: terminating, \d+ bad configuration options$/,
  /^(mux|muxclient|mux_client_\w+|Control socket connect).*: /,
]

/**
 * Tells ssh's own failure from that of the program that it ran on a host. Both may end with 255 (`nvidia-smi` does):
 * then the words decide.
 * @param code that ssh ended with
 * @param said what came from its error output, ssh's words and the program's
 * @returns null when the program on the host ended like that, or ssh did not fail
 */
export function sshFailure(code: number | null | undefined, said: readonly string[] | string): SshFailure | null {
  if (code !== failureCode) return null
  const lines = (typeof said === 'string' ? said.split('\n') : said)
    .map(line => line.trim())
    .filter(line => line !== '')
  // With LogLevel=QUIET ssh says nothing at all.
  if (lines.length === 0) return { why: `ssh exited with code ${failureCode} and no message`, passing: false }
  const own = lines.slice(-3).toReversed()
  const cut = own.find(line => passing.some(pattern => pattern.test(line)))
  if (cut !== undefined) return { why: cut, passing: true }
  const other = own.find(line => lasting.some(pattern => pattern.test(line)))
  return other === undefined ? null : { why: other, passing: false }
}

/** Code of the error that says that ssh itself failed. */
export const sshFailedCode = 'ssh-failed'

/**
 * The error of a host that ssh failed to reach.
 * @param where the host, as messages name it: `node north`
 */
export function sshFailed(where: string, { why, passing: mayPass }: SshFailure): FulcrumError {
  return new FulcrumError('environment', sshFailedCode, `ssh to ${where} failed: ${why}`, {
    remedy: mayPass
      ? 'Try again. If it keeps failing, raise MaxStartups in the sshd_config of that host, or check the log of its sshd.'
      : 'Make ssh to that host work without a password or a prompt.',
    retryable: mayPass,
    cause: why,
  })
}

/** ssh's own words in such an error. */
export function whySshFailed({ cause, message }: FulcrumError): string {
  return typeof cause === 'string' ? cause : message
}

/** Whether an error says that ssh itself failed. */
export function isSshFailed(error: unknown): error is FulcrumError {
  return error instanceof FulcrumError && error.code === sshFailedCode
}

/**
 * Pauses before the next tries, milliseconds; each lasts half of it to all of it, so that not all come again at once.
 */
const pausesMs = [400, 1_500, 4_000]

/** Waits so long, or until the signal aborts. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>

/** Waits for real time. */
export const pauseFor: Pause = async (ms, signal) => {
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/** Whether an error says that the connection was cut while it was being made. */
const cutWhileMade = (error: unknown): boolean => isSshFailed(error) && error.retryable

/**
 * Does something over ssh, and again after pauses when a connection was cut while it was being made.
 * @param act safe to repeat
 * @param more `again`: whether to try again after an error; by default after {@link sshFailed} of one that was cut
 * @throws what the last try throws; the signal's reason
 */
export async function retryingSsh<T>(
  act: () => Promise<T>,
  more: { readonly signal?: AbortSignal; readonly pause?: Pause; readonly again?: (error: unknown) => boolean } = {},
): Promise<T> {
  const { signal = new AbortController().signal, pause = pauseFor, again = cutWhileMade } = more
  for (const pauseMs of pausesMs) {
    try {
      return await act()
    } catch (error) {
      if (!again(error)) throw error
    }
    await pause(pauseMs * (0.5 + Math.random() / 2), signal)
    signal.throwIfAborted()
  }
  return act()
}
