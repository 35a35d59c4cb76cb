import type { Role } from '../../model/index.ts'
import { canonicalJson, rolesOf } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import type { Check, CheckedSweep } from './check.ts'

/**
 * Rejects settings that the deployer does not know or cannot apply. Otherwise, reports would list settings that had no
 * effect.
 */
export const checkDeployerSettings: Check = (sweep, { refuse }) => {
  const asked = new Set<string>()
  for (const { topology, engine } of sweep.deployments) {
    for (const role of rolesOf(topology)) {
      for (const [setting, value] of Object.entries(engine[role] ?? {})) {
        const section = sectionOf(sweep, role, setting)
        // A setting for all roles is reported once.
        const key = canonicalJson([section, setting, value])
        if (asked.has(key)) continue
        asked.add(key)
        for (const { wrong, remedy } of sweep.capabilities.settingsProblems(role, { [setting]: value })) {
          const path: Path = ['engine', section, setting]
          refuse({ kind: 'sweep', path, at: 'key' }, wrong, remedy)
        }
      }
    }
  }
}

function sectionOf({ raw }: CheckedSweep, role: Role, setting: string): Role | 'all' {
  const own = raw.engine[role]
  return own !== undefined && Object.hasOwn(own, setting) ? role : 'all'
}
