import { diskError, isFileRefusal } from '../journal/disk.ts'
import { FulcrumError } from '../model/error.ts'
import { exitCodeOf, exitCodes } from '../model/exit-codes.ts'
import { jsonText } from './json-text.ts'

/**
 * Prints an error for a person (stderr) or a machine (stdout).
 * @returns the exit code for the error
 */
export function printError(thrown: unknown, json: boolean): number {
  const error = isFileRefusal(thrown) ? diskError(thrown, 'use a file', pathOf(thrown)) : thrown
  if (error instanceof FulcrumError) {
    if (json) {
      const { kind, code, message, where, remedy } = error
      console.log(jsonText({ error: { kind, code, message, where, remedy } }))
    } else {
      // Each problem of a sweep file is a sentence of its own.
      const isList = error.code === 'sweep-file-invalid'
      const lines = [`fulcrum: ${isList ? error.message.replaceAll('\n', '\nfulcrum: ') : error.message}`]
      if (error.where !== undefined) lines.push(`  where: ${error.where}`)
      if (error.remedy !== undefined) lines.push(`  to do: ${error.remedy}`)
      console.error(lines.join('\n'))
    }
    return exitCodeOf(error.kind)
  }
  if (error instanceof Error && error.name === 'AbortError') {
    if (json) console.log(jsonText({ error: { kind: 'interrupted', code: 'interrupted', message: 'interrupted' } }))
    else console.error('fulcrum: interrupted')
    return exitCodes.interrupted
  }
  // A bug in Fulcrum: the stack trace helps.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (json) console.log(jsonText({ error: { kind: 'defect', code: 'defect', message: text } }))
  else console.error(`fulcrum: internal error; report it with this stack trace:\n${text}`)
  return exitCodes.environment
}

/** The file that the operating system refused to open, as Node names it. */
function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : 'unknown path'
}
