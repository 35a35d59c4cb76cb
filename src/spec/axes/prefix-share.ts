import type { RawWorkload } from '../schema/workloads.ts'
import type { Axis } from './axis.ts'
import type { WorkloadDraft } from './workload-draft.ts'

/** Axis of the share of each prompt that is a shared prefix. */
export const prefixShareAxis: Axis<WorkloadDraft> = {
  name: 'prefix.share',
  values: draft => {
    const { prefix } = draft.entry
    if (prefix === undefined || !Array.isArray(prefix.share)) return [draft]
    return prefix.share.map(share => ({
      entry: { ...draft.entry, prefix: { ...prefix, share } },
      marks: [...draft.marks, `prefix ${Number((100 * share).toFixed(4))}%`],
    }))
  },
  count: ({ entry }) => sharesOf(entry).length,
}

const sharesOf = ({ prefix }: RawWorkload): readonly number[] => [prefix?.share ?? 0].flat()
