import { type Check, missed, passed } from '../../model/doctor-check.ts'
import { runShort } from '../../process/short-program.ts'
import { findOnPath } from './find-program.ts'

/** A generator program that was looked for: its path, when it is there and runs, and what to say of it. */
export interface FoundProgram {
  /** Null when there is none, or it does not run. */
  readonly path: string | null
  readonly check: Check
}

/**
 * Whether a generator's program is there and says its version.
 * @param remedy how it is installed
 */
export async function examineProgram(name: string, command: string | undefined, remedy: string): Promise<FoundProgram> {
  const path = command?.includes('/') ? command : await findOnPath(command ?? name)
  if (path === null) return { path, check: missed(name, `${command ?? name} is not on PATH`, remedy) }
  const said = await runShort(path, ['--version'])
  if (!said.ok) return { path: null, check: missed(name, `${path}: ${said.complaint}`, remedy) }
  return { path, check: passed(name, `${said.out.split('\n').at(-1)} (${path})`) }
}
