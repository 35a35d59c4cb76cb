import { setTimeout as sleep } from 'node:timers/promises'
import { FulcrumError } from '../model/index.ts'

/** Why ssh could not reach a host, or lost it; not a failure of the program on the host. */
export interface SshFailure {
  /** The last lines of ssh's own output. */
  readonly why: string
  /** Whether another try may succeed, because the server was busy or a connection was cut. */
  readonly passing: boolean
}

/** ssh's exit code for its own failures. A program on the host may use it too. */
const failureCode = 255

/**
 * Messages of connections that were cut while being set up. A server drops some at random, without an explanation, when
 * more than ten at once are not yet authenticated (`MaxStartups`).
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

/** Other messages with which ssh ends for its own reasons. */
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
 * Distinguishes ssh's own failure from that of the program that it ran on a host. Both may exit with 255 (`nvidia-smi`
 * does); then the output decides.
 * @param code exit code of ssh
 * @param said its error output, with lines of ssh and of the program
 * @returns null if the program on the host failed, or nothing did
 */
export function sshFailure(code: number | null | undefined, said: readonly string[] | string): SshFailure | null {
  if (code !== failureCode) return null
  const lines = (typeof said === 'string' ? said.split('\n') : said)
    .map(line => line.trim())
    .filter(line => line !== '')
  // With LogLevel=QUIET, ssh prints nothing.
  if (lines.length === 0) return { why: `ssh exited with code ${failureCode} and no message`, passing: false }
  const own = lines.slice(-3).toReversed()
  const cut = own.find(line => passing.some(pattern => pattern.test(line)))
  if (cut !== undefined) return { why: cut, passing: true }
  const other = own.find(line => lasting.some(pattern => pattern.test(line)))
  return other === undefined ? null : { why: other, passing: false }
}

/** Code of errors in which ssh itself failed. */
export const sshFailedCode = 'ssh-failed'

/**
 * Creates the error for a host that ssh could not reach.
 * @param where the host as named in messages: `node north`
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

/** ssh's own output in such an error. */
export function whySshFailed({ cause, message }: FulcrumError): string {
  return typeof cause === 'string' ? cause : message
}

/** Whether an error means that ssh itself failed. */
export function isSshFailed(error: unknown): error is FulcrumError {
  return error instanceof FulcrumError && error.code === sshFailedCode
}

/**
 * Pauses before further tries, ms. Each is shortened at random to between half and all of it, so that tries spread out.
 */
const pausesMs = [400, 1_500, 4_000]

/** Waits this long, or until the signal aborts. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>

/** Waits for real time. */
export const pauseFor: Pause = async (ms, signal) => {
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/** Whether an error means that the connection was cut while it was being set up. */
const cutWhileMade = (error: unknown): boolean => isSshFailed(error) && error.retryable

/**
 * Does something over ssh, and repeats it after pauses if a connection was cut while it was being set up.
 * @param act safe to repeat
 * @param more `again`: whether to try again after an error; default: only after a {@link sshFailed} whose connection
 *   was cut
 * @throws whatever the last try throws; the signal's reason
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
