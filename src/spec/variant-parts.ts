import type { DeployerCapabilities } from '../deployers/capabilities.ts'
import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { Findings } from '../engines/role-settings.ts'
import type { Json, Model } from '../model/index.ts'
import type { Report } from '../yaml/problem.ts'
import type { SettingSources } from './checks/sources.ts'
import type { WantedEngine } from './sections/engine.ts'
import type { WantedTopology } from './sections/topologies.ts'

/** Everything that a variant deploys. A sweep without variants has one without a name. */
export interface VariantParts {
  readonly name: string | null
  readonly topologies: readonly WantedTopology[]
  readonly engine: WantedEngine
  readonly model: Model
  readonly deploy: ConfiguredDeployer
  readonly capabilities: DeployerCapabilities
  /** The sections as written, for positions. */
  readonly raw: SettingSources
  /** The parts of model and deployer that are included in a deployment's id. */
  readonly identity: { readonly model: Json; readonly deploy: Json }
  /** Receives problems. Their paths lead into the variant's patch if the patch sets the value. */
  readonly report: Report
  readonly findings: Findings
}
