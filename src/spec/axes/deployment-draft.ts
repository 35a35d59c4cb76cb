import type { RoleSettings } from '../sections/engine.ts'
import type { WantedTopology } from '../sections/topologies.ts'
import type { VariantParts } from '../variant-parts.ts'

/** An incomplete deployment. Each axis adds its value or changes values of earlier axes. */
export interface DeploymentDraft {
  /** All variants of the sweep with their topologies. A sweep without variants has a single one without a name. */
  readonly variants: readonly VariantParts[]
  /** Variant of this draft; null before its axis is applied. */
  readonly variant: VariantParts | null
  /** Null before its axis is applied. */
  readonly wanted: WantedTopology | null
  /** Settings of the roles that the topology has. */
  readonly engine: RoleSettings
}
