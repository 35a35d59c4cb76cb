import type { Axis } from './axis.ts'
import type { DeploymentDraft } from './deployment-draft.ts'

/** How many workers of each role; a variant may leave some out. */
export const topologyAxis: Axis<DeploymentDraft> = {
  name: 'topologies',
  values: draft => (draft.variant?.topologies ?? []).map(wanted => ({ ...draft, wanted })),
  count: ({ variant }) => variant?.topologies.length ?? 0,
}
