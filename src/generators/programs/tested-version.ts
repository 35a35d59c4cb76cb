import type { Finding } from '../../metrics/measurement.ts'

/** Versions of a program whose options and records were tested. */
export interface TestedVersion {
  /** Its name in messages. */
  readonly program: string
  /** `0.13`. */
  readonly version: string
  readonly pattern: RegExp
}

/** Remark about a version whose records were not compared with the definitions here; none if it is unknown. */
export function untestedVersion({ program, version, pattern }: TestedVersion, found: string): Finding[] {
  if (found === 'unknown' || pattern.test(found)) return []
  const message = `${program} ${found} was not tested with Fulcrum, ${version} was: its records may mean something else`
  return [{ severity: 'warning', code: 'generator-version', message }]
}
