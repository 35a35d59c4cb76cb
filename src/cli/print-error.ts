import { diskError, isFileRefusal } from '../journal/disk.ts'
import { FulcrumError } from '../model/error.ts'
import { exitCodeOf, exitCodes } from '../model/exit-codes.ts'
import { jsonText } from './json-text.ts'

/** Prints an error for a person (stderr) or a machine (stdout) and returns the exit code that it deserves. */
export function printError(thrown: unknown, json: boolean): number {
  const error = isFileRefusal(thrown) ? diskError(thrown, 'use a file', pathOf(thrown)) : thrown
  if (error instanceof FulcrumError) {
    if (json) {
      const { kind, code, message, where, remedy } = error
      console.log(jsonText({ error: { kind, code, message, where, remedy } }))
    } else {
      // Each mistake of a sweep file stands for itself.
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
  // A bug in Fulcrum, where the stack trace helps.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (json) console.log(jsonText({ error: { kind: 'defect', code: 'defect', message: text } }))
  else console.error(`fulcrum: internal error; report it with this stack trace:\n${text}`)
  return exitCodes.environment
}

/** The file that the operating system refused, as Node names it. */
function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : 'unknown path'
}
