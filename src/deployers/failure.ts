import { adviceFor } from '../engines/log-advice.ts'
import { FulcrumError } from '../model/index.ts'
import { describeExit, type RunningProcess } from '../process/process.ts'
import { type SshFailure, sshFailedCode, sshFailure } from '../process/ssh-failure.ts'

/** Enough to see a Python exception with what raised it. */
const shownLines = 12
const longestShownLine = 300

/** The last lines of a process's log, indented, for an error message. */
export function logEnd(process: RunningProcess, count: number = shownLines): string {
  const lines = process.lastLines().slice(-count)
  return lines.length === 0
    ? ''
    : `\n${lines.map(line => `  ${process.name}: ${line.slice(0, longestShownLine)}`).join('\n')}`
}

/** A line of a Python log that names an exception, whatever the logger put before it. */
const exception = /(?:^|[\s\]])((?:\w+\.)*[A-Z]\w*(?:Error|Exception)): (.+)$/

/** What a process says when another one of its own had the trouble: the cause stands further up. */
const refersUp = /(?:root cause|stack trace|log|error)s? .{0,10}\babove\b|\bEngineDeadError\b/i

/**
 * The exception that a Python process died of: the last one that does not send the reader further up; null without one.
 */
export function exceptionIn(lines: readonly string[]): string | null {
  for (const line of lines.toReversed()) {
    const [, type, text] = exception.exec(line) ?? []
    if (type !== undefined && text !== undefined && !refersUp.test(line)) return `${type}: ${text}`
  }
  return null
}

/** Why a process that should run does not: how it ended, of what, its last words, and what those ask for. */
export function processFailure(process: RunningProcess, logLines: number = shownLines): FulcrumError {
  const exit = process.exit()
  const way = sshFailure(exit?.code, process.lastLines())
  if (way !== null) return wayFailure(process, way)
  const how = exit === null ? 'does not serve' : describeExit(exit)
  const cause = exit === null ? null : exceptionIn(process.lastLines())
  const died = cause === null ? how : `${how}: ${cause.slice(0, longestShownLine)}`
  const advice = adviceFor(process.lastLines())
  return new FulcrumError(
    advice?.kind ?? 'failed',
    advice?.code ?? 'process-ended',
    `${process.name} (process ${process.pid}) ${died}${logEnd(process, logLines)}`,
    { where: process.logFile, remedy: advice?.remedy, retryable: advice?.retryable },
  )
}

/** Of a process on another host it is the way that failed: whether it runs there nobody knows. */
function wayFailure(process: RunningProcess, { why, passing }: SshFailure): FulcrumError {
  const message = `${process.name} (process ${process.pid}): ssh failed on the way to its host: ${why}`
  return new FulcrumError('failed', sshFailedCode, message, {
    where: process.logFile,
    remedy: passing
      ? 'Try again. If it keeps failing, raise MaxStartups in the sshd_config of that host, or check the network.'
      : 'Check that the host is up, and make ssh to it work without a password or a prompt.',
  })
}
