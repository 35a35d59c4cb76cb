import type { DeployerAbilities } from '../../deploy/abilities.ts'
import type { Deployment, GeneratorName, Load, Workload } from '../../point/index.ts'
import type { Report } from '../file/problem.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import type { RawEngine } from '../schema/engine.ts'
import type { RawWorkloads } from '../schema/workloads.ts'

/** What a check looks at: the sweep as it will run, and the file as it is written, to say where. */
export interface CheckedSweep {
  readonly raw: { readonly engine: RawEngine; readonly deploy: RawDeploy; readonly workloads: RawWorkloads }
  readonly deployments: readonly Deployment[]
  readonly workloads: readonly Workload[]
  readonly loads: readonly Load[]
  readonly abilities: DeployerAbilities
  readonly generator: GeneratorName
}

/** Finds settings that contradict each other, before anything starts. */
export type Check = (sweep: CheckedSweep, report: Report) => void
