import type { Deployment, EngineSettings, Role } from '../../model/index.ts'
import { canonicalJson, roles, workersOf } from '../../model/index.ts'

/** Change of one role's workers between two deployments. */
export interface RoleChange {
  readonly role: Role
  /** Workers to stop; all of them if the role restarts. */
  readonly stop: number
  readonly start: number
  readonly settings: EngineSettings
}

/** Smallest change of each role. Workers are added and removed; remaining ones restart only for changed settings. */
export function changesBetween(from: Deployment | null, wanted: Deployment): readonly RoleChange[] {
  return roles
    .map(role => {
      const have = from === null ? 0 : workersOf(from.topology, role)
      const want = workersOf(wanted.topology, role)
      const settings = wanted.engine[role] ?? {}
      const kept = canonicalJson(from?.engine[role] ?? {}) === canonicalJson(settings) ? Math.min(have, want) : 0
      return { role, stop: have - kept, start: want - kept, settings }
    })
    .filter(change => change.stop > 0 || change.start > 0)
}
