import { z } from 'zod'
import { axisOf, field, positiveInt } from '../../yaml/field.ts'

const workers = (role: string) =>
  field(
    axisOf(positiveInt),
    `Number of ${role} workers, or a list of numbers (an axis).`,
    'write a whole number from 1, or a list such as [1, 2, 4]',
  )
const limit = (about: string) => field(positiveInt, about, 'write a whole number from 1')
const ratio = (about: string) =>
  field(
    z.union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?:\d+(\.\d+)?$/)]),
    `${about} A number of prefill workers per decode worker (\`0.5\`), or \`1:2\`.`,
    'write a number such as 0.5, or "1:2"',
  )

const gpuLimits = {
  max_gpus: limit('Leaves out topologies with more GPUs, over all roles.').optional(),
  min_gpus: limit('Leaves out topologies with fewer GPUs, over all roles.').optional(),
  max_workers: limit('Leaves out topologies with more workers, over all roles.').optional(),
  min_workers: limit('Leaves out topologies with fewer workers, over all roles.').optional(),
}

const aggregatedEntry = z.strictObject({ aggregated: workers('aggregated'), ...gpuLimits })

const disaggregatedEntry = z.strictObject({
  prefill: workers('prefill'),
  decode: workers('decode'),
  ...gpuLimits,
  min_prefill: limit('Leaves out topologies with fewer prefill workers.').optional(),
  max_prefill: limit('Leaves out topologies with more prefill workers.').optional(),
  min_decode: limit('Leaves out topologies with fewer decode workers.').optional(),
  max_decode: limit('Leaves out topologies with more decode workers.').optional(),
  min_ratio: ratio('Smallest prefill:decode ratio.').optional(),
  max_ratio: ratio('Largest prefill:decode ratio.').optional(),
})

const shortName = z.string().regex(/^(\d+P\d+D|agg x\d+)$/)

const entry = field(
  z.union([shortName, disaggregatedEntry, aggregatedEntry]),
  'One topology by its short name (`2P1D`, `agg x2`), aggregated topologies, or every combination of prefill and decode worker counts.',
  'write 2P1D, agg x2, { aggregated: [1, 2] } or { prefill: [1, 2], decode: [1, 2], max_gpus: … }',
)

/** Schema of the section `topologies`. */
export const topologiesSchema = field(
  z.union([z.array(entry).min(1), entry]),
  'How many workers of each role serve together. With a list of entries, the sweep measures every topology of any entry, each once.',
  'write a list such as [{ aggregated: [1, 2] }, { prefill: [1, 2], decode: [1, 2] }]',
)

/** The section `topologies` as written: an entry or a list of entries. */
export type RawTopologies = z.infer<typeof topologiesSchema>
/** A short name, or ranges of worker counts with their limits. */
export type RawTopologyEntry = z.infer<typeof entry>
