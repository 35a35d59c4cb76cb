import { type Check, missed, noticed, passed } from '../../model/doctor-check.ts'
import { runShort } from '../../process/short-program.ts'
import { findOnPath } from './find-program.ts'
import { type TestedVersion, untestedVersion } from './tested-version.ts'

/** Result of looking for a generator program: its path, if it is installed and runs, and the check. */
export interface FoundProgram {
  /** Null if it is not installed or does not run. */
  readonly path: string | null
  readonly check: Check
}

/**
 * Checks that a generator's program is installed and reports its version, with a warning if it was not tested.
 * @param remedy how to install it
 */
export async function examineProgram(
  name: string,
  command: string | undefined,
  remedy: string,
  tested: TestedVersion,
): Promise<FoundProgram> {
  const path = command?.includes('/') ? command : await findOnPath(command ?? name)
  if (path === null) return { path, check: missed(name, `${command ?? name} is not on PATH`, remedy) }
  const said = await runShort(path, ['--version'])
  if (!said.ok) return { path: null, check: missed(name, `${path}: ${said.complaint}`, remedy) }
  const last = said.out.split('\n').at(-1) ?? ''
  const detail = `${last} (${path})`
  const [untested] = untestedVersion(tested, /\d\S*/.exec(last)?.[0] ?? 'unknown')
  return { path, check: untested === undefined ? passed(name, detail) : noticed(name, detail, untested.message) }
}
