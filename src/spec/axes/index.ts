import type { Axis } from './axis.ts'
import type { DeploymentDraft } from './deployment-draft.ts'
import { engineAxis } from './engine-settings.ts'
import { prefixShareAxis } from './prefix-share.ts'
import { topologyAxis } from './topologies.ts'
import { variantAxis } from './variants.ts'
import type { WorkloadDraft } from './workload-draft.ts'

/** What deployments are crossed from, outermost first; an axis may read what the ones before it have set. */
export const deploymentAxes: readonly Axis<DeploymentDraft>[] = [variantAxis, topologyAxis, engineAxis]

/** What each workload of a sweep file is crossed from, outermost first. */
export const workloadAxes: readonly Axis<WorkloadDraft>[] = [prefixShareAxis]
