import { z } from 'zod'
import { field, json } from '../../yaml/field.ts'

const settings = (about: string) =>
  field(
    z.record(z.string().min(1), json),
    `${about} Use the engine’s own names. A list of values is an axis. If the value itself is a list, nest it: \`[[1, 2, 4]]\`.`,
    'write setting: value pairs, such as max_batch_size: [128, 256]',
  ).optional()

/** Schema of the section `engine`. */
export const engineSchema = field(
  z.strictObject({
    all: settings('Settings of all roles. An axis here changes all roles together.'),
    prefill: settings('Settings of prefill workers.'),
    decode: settings('Settings of decode workers.'),
    aggregated: settings('Settings of aggregated workers.'),
  }),
  'Engine settings by role. Lists are axes: the sweep measures every combination of their values. Axes of a role that a topology does not have are ignored for that topology.',
  'write { all: {…}, prefill: {…}, decode: {…}, aggregated: {…} }',
)

/** The section `engine` as written: settings by role, before axes are crossed. */
export type RawEngine = z.infer<typeof engineSchema>
