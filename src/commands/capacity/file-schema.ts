import { z } from 'zod'
import { type Allowed, allowed } from '../../analysis/capacity/allowed.ts'
import { currencyCode } from '../../analysis/capacity/currency.ts'
import { dayShapes } from '../../analysis/capacity/day-shape.ts'
import { type TraceUnit, traceUnits } from '../../generators/trace-time.ts'
import { sloSchema } from '../../spec/schema/judgement.ts'
import { field } from '../../yaml/field.ts'

/** Allowed numbers as a zod type, from which the JSON Schema is generated too. */
function amount({ above, from, to, whole }: Allowed): z.ZodNumber {
  let number: z.ZodNumber = whole === undefined ? z.number() : z.int()
  if (above !== undefined) number = number.gt(above)
  if (from !== undefined) number = number.min(from)
  return to === undefined ? number : number.max(to)
}

const rate = (about: string) =>
  field(amount(allowed.requestsPerS), about, 'write a number of requests/s above 0').optional()

const share = field(
  z.number().positive(),
  'Weight of this kind among all requests; weights need not add up to 1. Default: 1.',
  'write a number above 0',
).default(1)

const tokens = (what: string) =>
  field(z.number().min(1).max(10_000_000), `${what} of a request on average, in tokens.`, 'write a number of tokens')

const mixEntry = field(
  z.union([
    z.strictObject({ workload: field(z.string().min(1), 'A workload of the run, by name.', 'write a name'), share }),
    z.strictObject({ isl: tokens('Input length'), osl: tokens('Output length'), share }),
  ]),
  'One kind of request.',
  'write { workload: 8000/256, share: 0.7 } or { isl: 8000, osl: 256, share: 0.7 }',
)

const factors = z.array(z.number().min(0)).length(24)

/** Schema of a capacity file. */
export const capacitySchema = z.strictObject({
  run: field(
    z.string().min(1),
    'Folder of the run that the plan is based on, relative to this file. A run on the command line takes precedence.',
    'write the folder of a run, such as ../results/nightly/20261125T015517Z-eaad8b',
  ).optional(),
  traffic: field(
    z.strictObject({
      peak_requests_per_s: rate('Requests/s in the busiest hour.'),
      mean_requests_per_s: rate('Requests/s averaged over a day.'),
      users: field(
        z.strictObject({
          count: amount(allowed.users),
          think_s: field(
            amount(allowed.thinkS),
            'Seconds between an answer and the next request.',
            'write a number of seconds',
          ),
        }),
        'Simultaneous users in the busiest hour, each waiting for an answer or thinking.',
        'write { count: 2000, think_s: 30 }',
      ).optional(),
      trace: field(
        z.string().min(1),
        'Recorded requests (Mooncake JSONL or CSV, relative to this file): rates, lengths and, of a day or more, the day.',
        'write the path of a trace',
      ).optional(),
      trace_unit: field(
        z.enum(traceUnits as [TraceUnit]),
        'Unit of the trace’s times if they are plain numbers: s, ms, us or ns. Default: the most likely one, which the plan states.',
        'write s, ms, us or ns',
      ).optional(),
      mix: field(
        z.array(mixEntry).min(1),
        'The kinds of requests. Default: every workload of the run with equal weight.',
        'write a list such as [{ workload: 8000/256, share: 0.7 }, { isl: 1000, osl: 1000, share: 0.3 }]',
      ).optional(),
      day: field(
        z.union([z.enum(Object.keys(dayShapes) as [keyof typeof dayShapes]), factors]),
        'The day: `flat`, `office`, `evening`, or 24 factors, hour by hour. Default: `flat`.',
        'write flat, office, evening, or a list of 24 numbers',
      ).optional(),
      growth_per_month: field(
        amount(allowed.growthPerMonth),
        'Growth of traffic per month, compounded: 0.05 is 5%. Default: 0.',
        'write a share such as 0.05',
      ).default(0),
      months: field(
        amount(allowed.months),
        'Number of months that the plan covers. Default: 0.',
        'write a whole number of months',
      ).default(0),
    }),
    'Which requests arrive, how many, and when.',
    'write { peak_requests_per_s: 20, mix: [{ workload: 8000/256 }] }',
  ),
  slo: field(
    sloSchema,
    'The objectives. Default: those of the run.',
    'write { ttft_p95_ms: 2000, itl_p95_ms: 25 }',
  ).optional(),
  fleet: field(
    z.strictObject({
      gpus_per_node: field(amount(allowed.gpusPerNode), 'GPUs of one node.', 'write a whole number from 1'),
      nodes: field(
        amount(allowed.nodes),
        'Number of nodes available. Default: unlimited.',
        'write a whole number from 1',
      ).optional(),
      gpu_price_per_hour: field(
        amount(allowed.gpuPricePerHour),
        'Price of one GPU for one hour. Without it, costs are in GPU-hours.',
        'write a price above 0',
      ).optional(),
      currency: field(
        z
          .string()
          .regex(/^[A-Za-z]{3}$/)
          .refine(code => currencyCode(code) !== null),
        'Currency of the price, an ISO 4217 code such as EUR. Without it, amounts are in units of the price.',
        'write an ISO 4217 code such as EUR, USD or JPY',
      ).optional(),
      nodes_lost: field(
        amount(allowed.nodesLost),
        'Number of nodes that may fail in the busiest hour while the SLO still holds. Default: 1 (N+1).',
        'write a whole number from 0',
      ).default(1),
    }),
    'The machines.',
    'write { gpus_per_node: 8, nodes: 12, gpu_price_per_hour: 3.5, currency: EUR }',
  ),
})

/** A capacity file that matches the schema, with its defaults. */
export type RawCapacity = z.output<typeof capacitySchema>
