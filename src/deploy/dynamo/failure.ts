import { FulcrumError } from '../../point/index.ts'
import { describeExit, type RunningProcess } from '../../process/process.ts'
import { adviceFor } from '../log-advice.ts'

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

/** Why a process that should run does not: how it ended, its last words, and what those ask for. */
export function processFailure(process: RunningProcess, logLines: number = shownLines): FulcrumError {
  const exit = process.exit()
  const how = exit === null ? 'does not serve' : describeExit(exit)
  const advice = adviceFor(process.lastLines())
  return new FulcrumError(
    advice?.kind ?? 'failed',
    advice?.code ?? 'process-ended',
    `${process.name} (process ${process.pid}) ${how}${logEnd(process, logLines)}`,
    { where: process.logFile, remedy: advice?.remedy },
  )
}
