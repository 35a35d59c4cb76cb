import { canonicalJson, rolesOf } from '../../point/index.ts'
import type { Path } from '../file/problem.ts'
import type { Check, CheckedSweep } from './check.ts'

/** Settings that the deployer does not know or can't take: refused, because a setting without effect would be reported as measured. */
export const checkDeployerSettings: Check = (sweep, report) => {
  const seen = new Set<string>()
  for (const { topology, engine } of sweep.deployments) {
    for (const role of rolesOf(topology)) {
      for (const [setting, value] of Object.entries(engine[role] ?? {})) {
        const key = canonicalJson([role, setting, value])
        if (seen.has(key)) continue
        seen.add(key)
        for (const wrong of sweep.abilities.settingsProblems(role, { [setting]: value })) {
          report(place(sweep, role, setting), wrong, 'remove it, or sweep it with a deployer that knows it', 'key')
        }
      }
    }
  }
}

function place({ raw }: CheckedSweep, role: 'prefill' | 'decode' | 'aggregated', setting: string): Path {
  const section = raw.engine[role] !== undefined && Object.hasOwn(raw.engine[role], setting) ? role : 'all'
  return ['engine', section, setting]
}
