import { z } from 'zod'
import { field, positiveInt } from '../../yaml/field.ts'
import { deploySchema } from './deploy.ts'
import { engineSchema } from './engine.ts'
import { generatorSchema } from './generator.ts'
import { sloSchema, validitySchema } from './judgement.ts'
import { loadSchema } from './load.ts'
import { modelSchema } from './model.ts'
import { topologiesSchema } from './topologies.ts'
import { workloadsSchema } from './workloads.ts'

/** A sweep file as it is written, before axes are crossed and shorthands resolved. */
export const sweepSchema = z.strictObject({
  name: field(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/),
    'Name of the sweep, and of its folder under results/: letters, digits, `.`, `_`, `-`.',
    'write a name of letters, digits, ".", "_" and "-", such as deepseek-r1-gb200',
  ),
  model: modelSchema,
  deploy: deploySchema,
  topologies: topologiesSchema.optional(),
  engine: engineSchema.default({}),
  workloads: workloadsSchema,
  load: loadSchema,
  generator: generatorSchema.default('built-in'),
  slo: sloSchema.default({}),
  validity: validitySchema.prefault({}),
  repeats: field(
    positiveInt.max(1000),
    'How often each point is measured. Three or more give confidence intervals. Default: 1.',
    'write a whole number from 1',
  ).default(1),
  search: field(
    z.enum(['grid', 'adaptive']),
    '`grid` measures every point; `adaptive` looks for the frontier within the budget. Default: `grid`.',
    'write grid or adaptive',
  ).default('grid'),
  budget: field(
    z.strictObject({
      hours: field(z.number().positive(), 'Wall hours that the sweep may take.', 'write a number of hours').optional(),
      points: field(positiveInt, 'Points that the sweep may measure.', 'write a whole number from 1').optional(),
    }),
    'What the sweep may spend. Default: no limit.',
    'write { hours: 8 } or { points: 200 }',
  ).default({}),
  mix: field(
    z.record(z.string(), z.number().positive()),
    'Weights of workloads, by name, in the traffic that one deployment is to serve; they need not add up to 1. `fulcrum tune` then also says what to deploy for all of it together. Default: none.',
    'write { 8000/256: 0.7, 1000/1000: 0.3 }',
  ).optional(),
  calibrate: field(
    z.boolean(),
    'Adds the two topologies, as many workers as the largest disaggregated one has, in which one worker of a role feeds, or is fed by, all others: what a worker of each role can do by itself, for rate matching. Default: false.',
    'write true or false',
  ).default(false),
  allow_points: field(
    positiveInt,
    'Allows a grid of up to this many points. Default: 10,000, so that a slip does not start a week of work.',
    'write a whole number from 1',
  ).default(10_000),
})

export type RawSweep = z.output<typeof sweepSchema>
