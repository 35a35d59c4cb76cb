import { adviceFor } from '../engines/log-advice.ts'
import { FulcrumError } from '../model/index.ts'
import { describeExit, type RunningProcess } from '../process/process.ts'
import { type SshFailure, sshFailedCode, sshFailure } from '../process/ssh-failure.ts'

/** Enough lines for a Python exception and its context. */
const shownLines = 12
const longestShownLine = 300

/** Last lines of a process's log, indented for an error message. */
export function logEnd(process: Pick<RunningProcess, 'name' | 'lastLines'>, count: number = shownLines): string {
  const lines = process.lastLines().slice(-count)
  return lines.length === 0
    ? ''
    : `\n${lines.map(line => `  ${process.name}: ${line.slice(0, longestShownLine)}`).join('\n')}`
}

/** A line of a Python log that names an exception, with any logger prefix. */
const exception = /(?:^|[\s\]])((?:\w+\.)*[A-Z]\w*(?:Error|Exception)): (.+)$/

/** Output of a process whose subprocess failed; the cause is in earlier lines. */
const refersUp = /(?:root cause|stack trace|log|error)s? .{0,10}\babove\b|\bEngineDeadError\b/i

/**
 * The exception that ended a Python process: the last one that does not refer to earlier lines. Null if there is none.
 */
export function exceptionIn(lines: readonly string[]): string | null {
  for (const line of lines.toReversed()) {
    const [, type, text] = exception.exec(line) ?? []
    if (type !== undefined && text !== undefined && !refersUp.test(line)) return `${type}: ${text}`
  }
  return null
}

/** Whether a process is running with all of its parts. */
export const isWhole = (process: RunningProcess): boolean => process.alive() && !process.failedPart?.()

/** The first of several interdependent processes that failed; the others may have ended because of it. */
export function firstFailed(processes: readonly RunningProcess[]): RunningProcess | null {
  const failed = processes.filter(process => !isWhole(process))
  const endedAtMs = (process: RunningProcess) => process.endedAtMs?.() ?? 0
  return failed.reduce<RunningProcess | null>(
    (first, process) => (first === null || endedAtMs(process) < endedAtMs(first) ? process : first),
    null,
  )
}

/** `decode-0-rank1 on node2 (process 4711)`, the local process that relays the remote one. */
const named = ({ name, pid, host }: RunningProcess) =>
  `${name}${host === undefined ? '' : ` on ${host}`} (process ${pid})`

/**
 * Why a process does not work: how it ended, its exception, its last lines, and the remedy.
 * @param wrong its problem if it is still running
 */
export function processFailure(
  process: RunningProcess,
  logLines: number = shownLines,
  wrong = 'does not serve',
): FulcrumError {
  const exit = process.exit()
  const way = sshFailure(exit?.code, process.lastLines())
  if (way !== null) return wayFailure(process, way)
  const part = process.failedPart?.() ?? null
  const ownLines = part === null ? [] : process.lastLines().filter(line => part.isFrom(line))
  const lines = ownLines.length > 0 ? ownLines : process.lastLines()
  const how = part !== null ? `lost ${part.what}` : exit === null ? wrong : describeExit(exit)
  const cause = exit === null && part === null ? null : exceptionIn(lines)
  const died = cause === null ? how : `${how}: ${cause.slice(0, longestShownLine)}`
  const advice = adviceFor(lines)
  return new FulcrumError(
    advice?.kind ?? 'failed',
    advice?.code ?? 'process-ended',
    `${named(process)} ${died}${logEnd({ name: process.name, lastLines: () => lines }, logLines)}`,
    { where: process.logFile, remedy: advice?.remedy, retryable: advice?.retryable },
  )
}

/** A failure as text with the path of the complete log. */
export const withItsLog = ({ message, where }: FulcrumError): string =>
  where === undefined || message.includes(where) ? message : `${message} (${where})`

/** For a process on another host, only the connection has certainly failed; the process may still be running. */
function wayFailure(process: RunningProcess, { why, passing }: SshFailure): FulcrumError {
  const message = `${named(process)}: ssh failed on the way to its host: ${why}`
  return new FulcrumError('failed', sshFailedCode, message, {
    where: process.logFile,
    remedy: passing
      ? 'Try again. If it keeps failing, raise MaxStartups in the sshd_config of that host, or check the network.'
      : 'Check that the host is up, and make ssh to it work without a password or a prompt.',
  })
}
