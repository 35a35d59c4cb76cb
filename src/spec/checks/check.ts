import type { DeployerAbilities } from '../../deployers/abilities.ts'
import { type Deployment, type GeneratorName, type Load, type Role, rolesOf, type Workload } from '../../model/index.ts'
import type { RawWorkloads } from '../schema/workloads.ts'
import { type Place, type RoleSettings, roleSettings, type SettingSources } from './sources.ts'

/** What a check looks at: the sweep as it will run, and the file as it is written, to say where. */
export interface CheckedSweep {
  readonly raw: SettingSources & { readonly workloads: RawWorkloads }
  readonly deployments: readonly Deployment[]
  readonly workloads: readonly Workload[]
  readonly loads: readonly Load[]
  readonly abilities: DeployerAbilities
  readonly generator: GeneratorName
  /** The load is split over processes. */
  readonly isSharded: boolean
}

/** Receives a finding: what is wrong, and what would be right. */
export type Tell = (place: Place, wrong: string, right: string) => void

export interface Findings {
  /** The sweep can't be right so: it is refused. */
  readonly refuse: Tell
  /** It may be meant so, and probably isn't: the sweep runs, and says so. */
  readonly warn: Tell
}

/** Finds settings that contradict each other, before anything starts. */
export type Check = (sweep: CheckedSweep, findings: Findings) => void

/** Each deployment's roles with their settings, roles that are set alike once. */
export function* rolesWithSettings(
  sweep: CheckedSweep,
): Generator<{ readonly deployment: Deployment; readonly role: Role; readonly settings: RoleSettings }> {
  const seen = new Set<string>()
  for (const deployment of sweep.deployments) {
    for (const role of rolesOf(deployment.topology)) {
      const engine = deployment.engine[role] ?? {}
      const key = JSON.stringify([role, engine, deployment.gpusPerWorker[role]])
      if (seen.has(key)) continue
      seen.add(key)
      yield { deployment, role, settings: roleSettings(sweep.raw, role, engine) }
    }
  }
}

/** A number that is said, else null. */
export function numberOf(settings: RoleSettings, meaning: Parameters<RoleSettings['get']>[0]): number | null {
  const value = settings.get(meaning)?.value
  return typeof value === 'number' ? value : null
}
