import { z } from 'zod'
import { field, json } from '../../yaml/field.ts'

const patch = (section: string, example: string) =>
  field(
    z.record(z.string(), json),
    `Changes to \`${section}\`: maps are merged, lists and single values replace the original value, \`null\` removes a key.`,
    `write keys of ${section}, such as ${example}`,
  ).optional()

const topologyNames = (about: string) =>
  field(
    z.array(z.string()).min(1),
    `${about} Short names of topologies of this sweep.`,
    'write short names of topologies of this sweep, such as [1P1D, agg x2]',
  ).optional()

const variant = field(
  z.strictObject({
    deploy: patch('deploy', '{ frontend_args: { router-mode: kv } }'),
    engine: patch('engine', '{ all: { max_num_tokens: 4096 } }'),
    model: field(
      z.union([z.string(), z.record(z.string(), json)]),
      'Changes to `model`: a name, or keys to merge with it.',
      'write a model name, or { name: …, tokenizer: … }',
    ).optional(),
    env: field(
      z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      'Environment variables of every process; short for `deploy: { env: … }`. `null` removes a variable that `deploy.env` sets.',
      'write NAME: value pairs',
    ).optional(),
    only: topologyNames('Measure the variant only on these topologies.'),
    except: topologyNames('Measure the variant on all topologies except these.'),
  }),
  'One variant: its changes to `deploy`, `engine` and `model`. `{}` changes nothing.',
  'write {}, or changes such as { deploy: { frontend_args: { router-mode: kv } } }',
)

const variantName = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,39}$/

/** Schema of the section `variants`. */
export const variantsSchema = field(
  z
    .record(z.string(), variant)
    .refine(variants => Object.keys(variants).length > 0)
    .refine(variants => Object.keys(variants).every(name => variantName.test(name))),
  'Configurations to compare, by name, each with its changes to `deploy`, `engine` and `model`. The sweep measures every variant on every topology, and reports compare them. Names have up to 40 letters, digits, `.`, `_`, `+` and `-`. All variants have the same `deploy.with`.',
  'write names of letters, digits, ".", "_", "+" and "-" with their changes, such as { round-robin: {}, kv: { deploy: { frontend_args: { router-mode: kv } } } }',
)

/** The section `variants` as written: patches by name. */
export type RawVariants = z.infer<typeof variantsSchema>
/** The patch of one variant as written. */
export type RawVariant = z.infer<typeof variant>
