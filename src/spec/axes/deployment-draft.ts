import type { RoleSettings } from '../sections/engine.ts'
import type { WantedTopology } from '../sections/topologies.ts'
import type { VariantParts } from '../variant-parts.ts'

/** A deployment on its way: an axis adds its value, or changes what an earlier axis has set. */
export interface DeploymentDraft {
  /**
   * All variants of the sweep with the topologies that they may have; one without a name in a sweep without variants.
   */
  readonly variants: readonly VariantParts[]
  /** The variant of this draft; null before its axis. */
  readonly variant: VariantParts | null
  /** Null before its axis. */
  readonly wanted: WantedTopology | null
  /** Settings of the roles that the topology has. */
  readonly engine: RoleSettings
}
