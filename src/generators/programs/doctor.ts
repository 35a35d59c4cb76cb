import { type Check, missed, passed } from '../../model/doctor-check.ts'
import { runShort } from '../../process/short-program.ts'
import { findOnPath } from './find-program.ts'

/** Result of looking for a generator program: its path, if it is installed and runs, and the check. */
export interface FoundProgram {
  /** Null if it is not installed or does not run. */
  readonly path: string | null
  readonly check: Check
}

/**
 * Checks that a generator's program is installed and reports its version.
 * @param remedy how to install it
 */
export async function examineProgram(name: string, command: string | undefined, remedy: string): Promise<FoundProgram> {
  const path = command?.includes('/') ? command : await findOnPath(command ?? name)
  if (path === null) return { path, check: missed(name, `${command ?? name} is not on PATH`, remedy) }
  const said = await runShort(path, ['--version'])
  if (!said.ok) return { path: null, check: missed(name, `${path}: ${said.complaint}`, remedy) }
  return { path, check: passed(name, `${said.out.split('\n').at(-1)} (${path})`) }
}
