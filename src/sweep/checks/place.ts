import { canonicalJson, type EngineSettings, type Role } from '../../point/index.ts'
import type { Path } from '../file/problem.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import type { RawEngine } from '../schema/engine.ts'
import { findSetting, type Meaning } from './setting.ts'

/** Where in the file a role's setting was written: the value of an axis, the setting, or the deployer's argument. */
export function settingPlace(
  meaning: Meaning,
  raw: { readonly engine: RawEngine; readonly deploy: RawDeploy },
  role: Role,
  settings: EngineSettings,
): Path {
  const found = findSetting(meaning, settings)
  if (found !== null) {
    for (const section of [role, 'all'] as const) {
      const written = raw.engine[section]?.[found.key]
      if (written === undefined) continue
      const path = ['engine', section, found.key]
      if (!Array.isArray(written)) return path
      const wanted = canonicalJson(settings[found.key])
      const index = written.findIndex(value => canonicalJson(value) === wanted)
      return index < 0 ? path : [...path, index]
    }
  }
  if (raw.deploy.with === 'dynamo') {
    const inRole = findSetting(meaning, raw.deploy.role_args[role] ?? {})
    if (inRole !== null) return ['deploy', 'role_args', role, inRole.key]
    const inAll = findSetting(meaning, raw.deploy.args)
    if (inAll !== null) return ['deploy', 'args', inAll.key]
  }
  return ['engine', role]
}
