import type { Axis } from './axis.ts'
import type { DeploymentDraft } from './deployment-draft.ts'
import { engineAxis } from './engine-settings.ts'
import { prefixShareAxis } from './prefix-share.ts'
import { topologyAxis } from './topologies.ts'
import { variantAxis } from './variants.ts'
import type { WorkloadDraft } from './workload-draft.ts'

/** Axes of deployments, outermost first. An axis can read the values of those before it. */
export const deploymentAxes: readonly Axis<DeploymentDraft>[] = [variantAxis, topologyAxis, engineAxis]

/** Axes of each workload in a sweep file, outermost first. */
export const workloadAxes: readonly Axis<WorkloadDraft>[] = [prefixShareAxis]
