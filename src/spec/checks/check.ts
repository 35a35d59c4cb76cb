import type { DeployerCapabilities } from '../../deployers/capabilities.ts'
import type { Findings, RoleSettings } from '../../engines/role-settings.ts'
import type { ConfiguredGenerator } from '../../generators/define-generator.ts'
import {
  type Deployment,
  type Load,
  type Role,
  rolesOf,
  type ValidityLimits,
  type Workload,
  workersOf,
} from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import type { DatasetFacts } from './datasets.ts'
import { roleSettings, type SettingSources } from './sources.ts'
import type { CheckedTrace } from './traces.ts'

/** Input of a check: the sweep as it will run, and the file as written, for positions. */
export interface CheckedSweep {
  readonly raw: SettingSources
  readonly deployments: readonly Deployment[]
  readonly workloads: readonly Workload[]
  /** Path of each workload's entry in the file. */
  readonly workloadPaths: readonly Path[]
  readonly loads: readonly Load[]
  /** Value of `deploy.with`. */
  readonly deployer: string
  readonly capabilities: DeployerCapabilities
  readonly prompts: 'fresh' | 'same'
  readonly generator: ConfiguredGenerator
  readonly limits: Pick<ValidityLimits, 'errorShare'>
  /** Traces and datasets that were read. */
  readonly traces: readonly CheckedTrace[]
  readonly datasets: readonly DatasetFacts[]
}

/** Finds settings that contradict each other, before anything starts. */
export type Check = (sweep: CheckedSweep, findings: Findings) => void

/** Yields the settings of each role of each deployment, equal settings once. */
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

/** Yields the settings of prefill and decode workers of each disaggregated deployment, equal pairs once. */
export function* pairsWithSettings(
  sweep: CheckedSweep,
): Generator<{ readonly prefill: RoleSettings; readonly decode: RoleSettings }> {
  const seen = new Set<string>()
  for (const { topology, engine } of sweep.deployments) {
    const key = JSON.stringify([engine.prefill, engine.decode])
    if (workersOf(topology, 'prefill') === 0 || seen.has(key)) continue
    seen.add(key)
    yield {
      prefill: roleSettings(sweep.raw, 'prefill', engine.prefill ?? {}),
      decode: roleSettings(sweep.raw, 'decode', engine.decode ?? {}),
    }
  }
}
