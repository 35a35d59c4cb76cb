import { crossSettings, settingsCount } from '../sections/engine.ts'
import type { Axis } from './axis.ts'
import type { DeploymentDraft } from './deployment-draft.ts'

/** Axis of engine settings that are lists, for the roles of the topology. */
export const engineAxis: Axis<DeploymentDraft> = {
  name: 'engine',
  *values(draft) {
    if (draft.variant === null || draft.wanted === null) return
    for (const engine of crossSettings(draft.variant.engine, draft.wanted.topology)) yield { ...draft, engine }
  },
  count: ({ variant, wanted }) =>
    variant === null || wanted === null ? 0 : settingsCount(variant.engine, wanted.topology),
}
