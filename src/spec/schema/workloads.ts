import { z } from 'zod'
import { axisOf, duration, field, positiveInt, share } from '../../yaml/field.ts'

const tokens = z.int().min(1).max(10_000_000)
const moments = z.strictObject({
  mean: z.number().positive().describe('Mean, in tokens.'),
  stddev: z.number().min(0).describe('Standard deviation, in tokens.'),
})

/** Remedy for an invalid length. */
export const lengthHint =
  'write a whole number of tokens, { mean: …, stddev: … }, { lognormal: { mean: …, stddev: … } }, { uniform: { min: …, max: … } } or { empirical: [{ tokens: …, weight: … }] }'

const length = (what: string) =>
  field(
    z.union([
      tokens,
      moments,
      z.strictObject({ normal: moments.describe('Normal distribution.') }),
      z.strictObject({ lognormal: moments.describe('Lognormal distribution.') }),
      z.strictObject({
        uniform: z
          .strictObject({
            min: tokens.describe('Shortest length, in tokens.'),
            max: tokens.describe('Longest length, in tokens.'),
          })
          .describe('Uniform distribution.'),
      }),
      z.strictObject({
        empirical: z
          .array(
            z.strictObject({
              tokens: tokens.describe('Length, in tokens.'),
              weight: z
                .number()
                .positive()
                .default(1)
                .describe('How often it occurs, relative to the others. Default: 1.'),
            }),
          )
          .min(1)
          .describe('Lengths with their weights.'),
      }),
    ]),
    `${what} in tokens of the model’s tokenizer: a number, or a distribution: \`{ mean, stddev }\` (normal), \`{ normal: { mean, stddev } }\`, \`{ lognormal: { mean, stddev } }\` (mean and standard deviation of the length, not of its logarithm), \`{ uniform: { min, max } }\` or \`{ empirical: [{ tokens, weight }, …] }\`.`,
    lengthHint,
  )

const prefix = field(
  z.strictObject({
    share: axisOf(share).describe('Share of the prompt that is a shared prefix, 0–1, or a list of shares (an axis).'),
    count: positiveInt.default(1).describe('Number of distinct prefixes. Default: 1.'),
  }),
  'Shared prefixes: a `share` (0–1) of each prompt is one of `count` distinct prefixes (default 1). A list of shares is an axis: one workload for each.',
  'write { share: 0.5, count: 8 } or { share: [0, 0.5, 0.9], count: 8 }',
)

const conversation = field(
  z.strictObject({
    turns: z.int().min(2).describe('Number of requests in each conversation.'),
    think: z
      .union([duration, z.strictObject({ exponential: duration.describe('Mean of the pauses.') })])
      .default(0)
      .describe('Pause between turns, such as `2s`, or `{ exponential: 2s }` for random pauses. Default: 0.'),
  }),
  'Multi-turn conversations of `turns` requests each. The prompt contains all earlier turns; `think` is the pause between an answer and the next turn (default 0).',
  'write { turns: 3, think: 2s }',
)

const workload = z.strictObject({
  name: field(z.string().min(1).max(60), 'Label in reports. Default: `ISL/OSL`.', 'write a short label').optional(),
  isl: length('Input length (ISL)'),
  osl: length('Required, except for `load.api: embeddings`, which has none. Output length (OSL)').optional(),
  prefix: prefix.optional(),
  dataset: field(
    z.string().min(1),
    'File of prompts or chats to use instead of synthetic prompts, relative to this file: JSON lines, a ShareGPT array, or inputs of genai-perf or AIPerf. `isl` and `osl` then state the expected lengths.',
    'write the path of a file of JSON lines or of a JSON array',
  ).optional(),
  conversation: conversation.optional(),
})

const entry = field(
  z.union([z.string().regex(/^\d+\/\d+$/), workload]),
  'One workload; `8000/256` is short for `{ isl: 8000, osl: 256 }`.',
  'write { isl: 8000, osl: 256 } or 8000/256',
)

/** Schema of the section `workloads`. */
export const workloadsSchema = field(
  z.union([z.array(entry).min(1), entry]),
  'Input and output lengths of requests: one workload or a list.',
  'write a list such as [{ isl: 8000, osl: 256 }, { isl: 1000, osl: 1000 }]',
)

/** The section `workloads` as written: an entry or a list of entries. */
export type RawWorkloads = z.infer<typeof workloadsSchema>
/** An entry written as a map, before its axes are crossed. */
export type RawWorkload = z.infer<typeof workload>
/** An `isl` or `osl`: a length in tokens, or a distribution of lengths. */
export type RawLength = z.infer<ReturnType<typeof length>>
