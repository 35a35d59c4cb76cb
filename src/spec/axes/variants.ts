import type { Axis } from './axis.ts'
import type { DeploymentDraft } from './deployment-draft.ts'

/** Axis of variants: named patches of `deploy`, `engine` and `model`. */
export const variantAxis: Axis<DeploymentDraft> = {
  name: 'variants',
  values: draft => draft.variants.map(variant => ({ ...draft, variant })),
  count: ({ variants }) => variants.length,
}
