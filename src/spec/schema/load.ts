import { z } from 'zod'
import { axisOf, count, duration, field, json, positiveInt } from '../../yaml/field.ts'

const multiple = z.string().regex(/^\d+(\.\d+)?x$/)
const amount = z.union([positiveInt, multiple])
const rate = z.number().positive().max(1_000_000)

const arrivals = field(
  z.union([
    z.enum(['constant', 'poisson']),
    z.strictObject({ gamma: z.strictObject({ burstiness: z.number().positive() }) }),
  ]),
  'Spacing of open-loop arrivals: `constant`, `poisson`, or `{ gamma: { burstiness } }` (1 is Poisson, below 1 burstier). Default: `poisson`.',
  'write constant, poisson or { gamma: { burstiness: 0.5 } }',
)

const stage = z.strictObject({
  rate: field(z.number().min(0), 'Requests per second at the end of the stage.', 'write requests per second'),
  duration: field(duration, 'Length of the stage.', 'write a duration such as 60s, of 24 days at most'),
  jump: field(
    z.boolean(),
    'Go to the rate at once instead of linearly. Default: false.',
    'write true or false',
  ).default(false),
})

const trace = z.strictObject({
  file: field(
    z.string().min(1),
    'A trace to replay: JSONL with a timestamp and lengths a line (relative to this file).',
    'write the path of a trace file',
  ),
  speed: field(
    axisOf(z.number().positive()),
    'How much faster than recorded: 2 halves the gaps. A list is an axis. Default: 1.',
    'write a number above 0, or a list of them',
  ).default(1),
})

const autoRequests = z.strictObject({
  auto: field(
    z.strictObject({
      min: field(
        amount,
        'Measured requests before anything is decided: a number, or `10x` the concurrency. Default: `10x`.',
        'write a number of requests, or 10x for ten times the concurrency',
      ).optional(),
      max: field(
        amount,
        'Measured requests at most. Default: `100x`, but no more than 4,000.',
        'write a number of requests, or 100x for a hundred times the concurrency',
      ).optional(),
      precision: field(
        z.string().regex(/^\d+(\.\d+)?\s*%$/),
        'Half-width of a 95% interval, relative to the figure, at which the figure is precise: 0.5% to 50%. Default: `5%`.',
        'write a percentage such as 5%',
      ).default('5%'),
    }),
    'Bounds and precision of `requests: auto`.',
    'write { min: 10x, max: 100x, precision: 5% }',
  ),
})

export const loadSchema = field(
  z.strictObject({
    concurrency: field(
      axisOf(positiveInt.max(1_000_000)),
      'Closed loop: requests held in flight; a list is an axis.',
      'write a whole number from 1, or a list such as [1, 4, 16, 64]',
    ).optional(),
    request_rate: field(
      axisOf(rate),
      'Open loop: requests per second, sent on schedule whatever the answers do; a list is an axis.',
      'write requests per second, or a list such as [1, 2, 4]',
    ).optional(),
    stages: field(
      z.array(stage).min(1),
      'Open loop whose rate changes: starts at 0, each stage goes to its `rate` over its `duration` (at once with `jump`). All stages are one load level.',
      'write a list such as [{ rate: 10, duration: 60s }, { rate: 0, duration: 30s }]',
    ).optional(),
    trace: field(trace, 'Open loop that replays recorded arrivals.', 'write { file: …, speed: 1 }').optional(),
    arrivals: arrivals.default('poisson'),
    max_concurrency: field(
      positiveInt,
      'Open loop: requests in flight above which sending waits (and says so). Default: no limit.',
      'write a whole number from 1',
    ).optional(),
    requests: field(
      z.union([positiveInt, multiple, z.literal('auto'), autoRequests]),
      'Measured requests a point: a number, or `10x` the concurrency; `auto` measures until the SLO verdict is certain and both axes of the frontier are precise, within `{ auto: { min, max, precision } }`. Default: `10x` with `concurrency`; open loops run for `duration`.',
      'write a number of requests, 10x for ten times the concurrency, auto, or { auto: { min: 10x, max: 100x, precision: 5% } }',
    ).optional(),
    duration: field(
      duration,
      'Measured time a point instead of a number of requests. Default for `request_rate`: `60s`.',
      'write a duration such as 60s, of 24 days at most',
    ).optional(),
    grace: field(
      duration,
      'How long requests in flight may still take after `duration`. Default: `30s`.',
      'write a duration such as 30s, of 24 days at most',
    ).default('30s'),
    window: field(
      z.enum(['steady', 'whole']),
      'What the figures are of. `steady`: requests sent under full load, the warm-up not drained and the load held until the last of them has its answer. `whole`: a run that starts empty and drains, as genai-perf counts it (external generators always do). Default: `steady` where the warm-up reaches every slot.',
      'write steady or whole',
    ).default('steady'),
    warmup: field(
      z.union([count, multiple, z.string().regex(/^\d+(\.\d+)?\s*(ms|s|m|h)$/)]),
      'Requests sent first and not measured: a number, `2x` the concurrency, or for open loops a duration. Default: `2x` with `concurrency`, `5s` for open loops, 0 for a trace.',
      'write a number of requests, 2x for twice the concurrency, or (open loop) a duration such as 10s',
    ).optional(),
    dataset: field(
      z.union([positiveInt, multiple]),
      'Distinct prompts: a number, or `12x` the concurrency. Default: one for every request, warm-up included (at most 10,000).',
      'write a number of prompts, or 12x for twelve times the concurrency',
    ).optional(),
    seed: field(
      z.int().min(0).max(2_000_000_000),
      'Seed of prompts, lengths and arrivals. Default: 100.',
      'write a whole number from 0',
    ).default(100),
    prompts: field(
      z.enum(['fresh', 'same']),
      '`fresh`: each point has prompts of its own (still the same in every run), so that none is answered from the prefix cache that an earlier point filled. `same` (genai-perf and AIPerf only): every point uses `seed` as it is, as the guide’s script does. Default: `fresh`.',
      'write fresh or same',
    ).default('fresh'),
    timeout: field(
      duration,
      'Deadline of one request. Default: `600s`.',
      'write a duration such as 600s, of 24 days at most',
    ).default('600s'),
    api: field(
      z.enum(['chat', 'completions', 'responses']),
      'The API that requests use. Default: `chat`.',
      'write chat, completions or responses',
    ).default('chat'),
    streaming: field(
      z.boolean(),
      'Answers as a stream; without it there is no TTFT and no ITL. Default: true.',
      'write true or false',
    ).default(true),
    extra: field(
      z.record(z.string(), json),
      'Fields added to each request body as they are.',
      'write field: value pairs',
    ).default({}),
  }),
  'How hard, how long and with which requests a point is loaded. At least one of `concurrency`, `request_rate`, `stages`, `trace`.',
  'write { concurrency: [1, 4, 16], requests: 10x, warmup: 2x }',
)

export type RawLoad = z.infer<typeof loadSchema>
export type RawAutoRequests = z.infer<typeof autoRequests>['auto']
