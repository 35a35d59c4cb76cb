import type { Axis } from './axis.ts'
import type { DeploymentDraft } from './deployment-draft.ts'

/** Axis of topologies. A variant may exclude some. */
export const topologyAxis: Axis<DeploymentDraft> = {
  name: 'topologies',
  values: draft => (draft.variant?.topologies ?? []).map(wanted => ({ ...draft, wanted })),
  count: ({ variant }) => variant?.topologies.length ?? 0,
}
