import { z } from 'zod'
import type { AnyDeployer } from '../../deployers/define-deployer.ts'
import { deployers } from '../../deployers/index.ts'
import { defaultGenerator } from '../../generators/index.ts'
import { field, positiveInt } from '../../yaml/field.ts'
import { deploySchemaOf } from './deploy.ts'
import { engineSchema } from './engine.ts'
import { generatorSchema } from './generator.ts'
import { sloSchema, validitySchema } from './judgement.ts'
import { loadSchema } from './load.ts'
import { modelSchema } from './model.ts'
import { qualitySchema } from './quality.ts'
import { powerSchema, priceSchema } from './site.ts'
import { telemetrySchema } from './telemetry.ts'
import { topologiesSchema } from './topologies.ts'
import { variantsSchema } from './variants.ts'
import { workloadsSchema } from './workloads.ts'

/** Schema of a sweep file as written, before axes are crossed and shorthands resolved. */
export const sweepSchema = z.strictObject({
  name: field(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/),
    'Name of the sweep and of its folder under results/. Use letters, digits, `.`, `_` and `-`.',
    'write a name of letters, digits, ".", "_" and "-", such as deepseek-r1-gb200',
  ),
  model: modelSchema,
  deploy: deploySchemaOf(deployers),
  topologies: topologiesSchema.optional(),
  engine: engineSchema.default({}),
  variants: variantsSchema.optional(),
  workloads: workloadsSchema,
  load: loadSchema,
  generator: generatorSchema.default(defaultGenerator.name),
  slo: sloSchema.default({}),
  validity: validitySchema.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  quality: qualitySchema.optional(),
  price: priceSchema.optional(),
  power: powerSchema.optional(),
  repeats: field(
    positiveInt.max(1000),
    'How many times to measure each point. Three or more give confidence intervals. Default: 1.',
    'write a whole number from 1',
  ).default(1),
  search: field(
    z.enum(['grid', 'adaptive']),
    '`grid` measures every point; `adaptive` searches for the frontier within the budget. Default: `grid`.',
    'write grid or adaptive',
  ).default('grid'),
  budget: field(
    z.strictObject({
      hours: field(
        z.number().positive(),
        'Maximum time that the sweep may run, in hours.',
        'write a number of hours',
      ).optional(),
      points: field(
        positiveInt,
        'Maximum number of points that the sweep may measure.',
        'write a whole number from 1',
      ).optional(),
    }),
    'Limits of time and points for the sweep. Default: no limit.',
    'write { hours: 8 } or { points: 200 }',
  ).default({}),
  mix: field(
    z.record(z.string(), z.number().positive()),
    'Weight of each workload, by name, in the traffic that one deployment serves. Weights need not add up to 1. With a mix, `fulcrum tune` also recommends a deployment for all workloads together. Default: none.',
    'write { 8000/256: 0.7, 1000/1000: 0.3 }',
  ).optional(),
  calibrate: field(
    z.boolean(),
    'Adds two topologies with as many workers as the largest disaggregated one: a single prefill worker with all others decoding, and a single decode worker with all others prefilling. They show what one worker of each role can do, for rate matching. Default: false.',
    'write true or false',
  ).default(false),
  allow_points: field(
    positiveInt,
    'Largest number of points that the sweep may have. Protects against a typo that starts a week of measurements. Default: 10,000.',
    'write a whole number from 1',
  ).default(10_000),
})

/** Schema of sweep files for these deployers. */
export function sweepSchemaOf(known: readonly AnyDeployer[]): typeof sweepSchema {
  return known === deployers ? sweepSchema : sweepSchema.extend({ deploy: deploySchemaOf(known) })
}

/** Schema for a sweep whose deployer cannot be loaded. Accepts any keys in `deploy`. */
export const schemaWithoutDeployer = sweepSchema.extend({ deploy: z.unknown().transform(() => undefined) })

/** A sweep file that matches the schema, before further checks and before its axes are crossed. */
export type RawSweep = z.output<typeof sweepSchema>
