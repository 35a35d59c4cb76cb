import { z } from 'zod'
import { field, json } from '../../yaml/field.ts'

const settings = (about: string) =>
  field(
    z.record(z.string(), json),
    `${about} In the engine’s own spelling, each a value or a list of values (an axis). A setting whose value is itself a list is written as a list in a list: \`[[1, 2, 4]]\`.`,
    'write setting: value pairs, such as max_batch_size: [128, 256]',
  ).optional()

export const engineSchema = field(
  z.strictObject({
    all: settings('Settings that every role has alike; an axis here moves all roles together.'),
    prefill: settings('Settings of prefill workers.'),
    decode: settings('Settings of decode workers.'),
    aggregated: settings('Settings of aggregated workers.'),
  }),
  'Engine settings by role; lists are axes and are crossed. Roles that a topology does not have are not crossed with it.',
  'write { all: {…}, prefill: {…}, decode: {…}, aggregated: {…} }',
)

export type RawEngine = z.infer<typeof engineSchema>
