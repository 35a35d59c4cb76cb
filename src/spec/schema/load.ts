import { z } from 'zod'
import { axisOf, count, duration, field, json, positiveInt, share } from '../../yaml/field.ts'

const multiple = z.string().regex(/^\d+(\.\d+)?x$/)
const amount = z.union([positiveInt, multiple])
const rate = z.number().positive().max(1_000_000)

const arrivals = field(
  z.union([
    z.enum(['constant', 'poisson']),
    z.strictObject({
      gamma: z
        .strictObject({ burstiness: z.number().positive().describe('1 is Poisson; lower values are burstier.') })
        .describe('Gamma-distributed gaps.'),
    }),
  ]),
  'Distribution of the gaps between requests of an open loop: `constant`, `poisson`, or `{ gamma: { burstiness } }`, where 1 is Poisson and lower values are burstier. Default: `poisson`.',
  'write constant, poisson or { gamma: { burstiness: 0.5 } }',
)

const stage = z.strictObject({
  rate: field(z.number().min(0), 'Requests per second at the end of the stage.', 'write requests per second'),
  duration: field(duration, 'Length of the stage.', 'write a duration such as 60s, at most 24 days'),
  jump: field(
    z.boolean(),
    'Change to the rate immediately instead of linearly. Default: false.',
    'write true or false',
  ).default(false),
})

const trace = z.strictObject({
  file: field(
    z.string().min(1),
    'The trace to replay: JSONL (Mooncake, Qwen, agents, kv-cache-tester) or CSV (Azure, BurstGPT, Vidur) with a timestamp and lengths of each request. The path is relative to this file.',
    'write the path of a trace file',
  ),
  speed: field(
    axisOf(z.number().positive()),
    'Speed of the replay: 2 halves the gaps between requests. A list is an axis. Default: 1.',
    'write a number above 0, or a list of such numbers',
  ).default(1),
  unit: field(
    z.enum(['s', 'ms', 'us', 'ns']),
    'Unit of timestamps that are plain numbers. Default: the unit of the format, else the likeliest, with a warning.',
    'write s, ms, us or ns',
  ).optional(),
  from: field(
    duration,
    'Where the replay begins, as time of the trace after its first request. Default: at its first request.',
    'write a duration such as 10m',
  ).optional(),
  until: field(
    duration,
    'Where the replay ends, as time of the trace after its first request. Default: at its last request.',
    'write a duration such as 20m',
  ).optional(),
  sample: field(
    share.positive(),
    'Share of the sessions to replay, each as a whole, chosen by `seed`; of the requests where the trace has no sessions. Default: all.',
    'write a share from 0 to 1, such as 0.1',
  ).optional(),
  users: field(
    axisOf(positiveInt.max(1_000_000)),
    'Closed loop: this many users replay the sessions one after another, each session with its recorded times counted from its own start. A list is an axis. Default: sessions arrive as recorded.',
    'write a whole number from 1, or a list such as [8, 32]',
  ).optional(),
})

const autoRequests = z.strictObject({
  auto: field(
    z.strictObject({
      min: field(
        amount,
        'Minimum number of requests to measure: a number, or `10x` for ten times the concurrency. Default: `10x`; of open loops, those of 20 s, from 100 to 1,000.',
        'write a number of requests, or 10x for ten times the concurrency',
      ).optional(),
      max: field(
        amount,
        'Maximum number of requests to measure: a number, or `100x` for a hundred times the concurrency. Default: `100x`, or the requests of 10 minutes of an open loop, but at most 4,000.',
        'write a number of requests, or 100x for a hundred times the concurrency',
      ).optional(),
      precision: field(
        z.string().regex(/^\d+(\.\d+)?\s*%$/),
        'When a figure is precise enough: the half-width of its 95% confidence interval, relative to the figure, 0.5% to 50%. Default: `5%`.',
        'write a percentage such as 5%',
      ).default('5%'),
    }),
    'Bounds and precision of `requests: auto`.',
    'write { min: 10x, max: 100x, precision: 5% }',
  ),
})

const autoWarmup = z.strictObject({
  auto: field(
    z.strictObject({
      max: field(
        amount,
        'Maximum number of requests before the window: a number, or `30x` for thirty times the concurrency. Default: `30x`.',
        'write a number of requests, or 30x for thirty times the concurrency',
      ).optional(),
    }),
    'Bound of `warmup: auto`.',
    'write { max: 30x }',
  ),
})

/** Schema of the section `load`. */
export const loadSchema = field(
  z.strictObject({
    concurrency: field(
      axisOf(positiveInt.max(1_000_000)),
      'Closed loop: number of requests in flight. A list is an axis.',
      'write a whole number from 1, or a list such as [1, 4, 16, 64]',
    ).optional(),
    request_rate: field(
      axisOf(rate),
      'Open loop: requests per second, sent on schedule even if responses are slow. A list is an axis.',
      'write requests per second, or a list such as [1, 2, 4]',
    ).optional(),
    stages: field(
      z.array(stage).min(1),
      'Open loop with a changing rate. It starts at 0; each stage moves linearly to its `rate` over its `duration` (immediately with `jump`). All stages together are one load level.',
      'write a list such as [{ rate: 10, duration: 60s }, { rate: 0, duration: 30s }]',
    ).optional(),
    trace: field(
      trace,
      'Replays recorded requests: as they arrived, or with `users` in a closed loop.',
      'write { file: …, speed: 1 }',
    ).optional(),
    arrivals: arrivals.default('poisson'),
    max_concurrency: field(
      positiveInt,
      'Open loop: maximum number of requests in flight. Further requests wait, and the report says so. Default: no limit.',
      'write a whole number from 1',
    ).optional(),
    requests: field(
      z.union([positiveInt, multiple, z.literal('auto'), autoRequests]),
      'Requests to measure per point: a number, or `10x` for ten times the concurrency. `auto` stops when the SLO verdict is certain and both figures of the frontier are precise enough; `{ auto: { min, max, precision } }` sets the bounds. Default: `10x` with `concurrency`; open loops run for `duration`.',
      'write a number of requests, 10x for ten times the concurrency, auto, or { auto: { min: 10x, max: 100x, precision: 5% } }',
    ).optional(),
    duration: field(
      duration,
      'Time to measure per point, instead of a number of requests. Default for `request_rate`: `60s`.',
      'write a duration such as 60s, at most 24 days',
    ).optional(),
    grace: field(
      duration,
      'How long to wait for requests that are still in flight after `duration`. Default: `30s`.',
      'write a duration such as 30s, at most 24 days',
    ).default('30s'),
    window: field(
      z.enum(['steady', 'whole']),
      'The measurement window. `steady`: requests sent under full load. The warm-up is not drained, and the load stays up until the last measured request is answered. `whole`: the whole run, which starts empty and drains, as genai-perf and all other external generators measure it. Default: `steady` if the warm-up reaches every slot.',
      'write steady or whole',
    ).default('steady'),
    warmup: field(
      z.union([count, multiple, z.string().regex(/^\d+(\.\d+)?\s*(ms|s|m|h)$/), z.literal('auto'), autoWarmup]),
      'Requests to send first without measuring them: a number, `2x` for twice the concurrency, or a duration for open loops. `auto` starts the window where TTFT no longer falls, after `2x` to `30x`; `{ auto: { max } }` sets the maximum. Default: `2x` with `concurrency`, `5s` for open loops, 0 for a trace.',
      'write a number of requests, 2x for twice the concurrency, auto, or (open loop) a duration such as 10s',
    ).optional(),
    dataset: field(
      z.union([positiveInt, multiple]),
      'Number of distinct prompts, or `12x` for twelve times the concurrency. Default: one for each request including the warm-up, at most 10,000.',
      'write a number of prompts, or 12x for twelve times the concurrency',
    ).optional(),
    seed: field(
      z.int().min(0).max(2_000_000_000),
      'Seed for prompts, lengths and arrivals. Default: 100.',
      'write a whole number from 0',
    ).default(100),
    prompts: field(
      z.enum(['fresh', 'same']),
      '`fresh`: each point has its own prompts, which are the same in every run, so that no point benefits from a prefix cache that an earlier point filled. `same` (genai-perf and AIPerf only): every point uses `seed` unchanged, like the script in NVIDIA’s guide. Default: `fresh`.',
      'write fresh or same',
    ).default('fresh'),
    timeout: field(
      duration,
      'Deadline for each request. Default: `600s`.',
      'write a duration such as 600s, at most 24 days',
    ).default('600s'),
    api: field(
      z.enum(['chat', 'completions', 'responses', 'embeddings']),
      'API to call. Default: `chat`.',
      'write chat, completions, responses or embeddings',
    ).default('chat'),
    streaming: field(
      z.boolean(),
      'Whether to stream responses. Without streaming, TTFT and ITL are not available. Default: true, except for embeddings.',
      'write true or false',
    ).optional(),
    session_header: field(
      z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/),
      'Header that carries the id of a request’s session, for routers that keep a session on a worker, such as `X-Session-Id`. Default: none.',
      'write the name of a header',
    ).optional(),
    extra: field(
      z.record(z.string(), json),
      'Fields to add to each request body, unchanged.',
      'write field: value pairs',
    ).default({}),
  }),
  'The load of each point: its level, length and requests. Requires at least one of `concurrency`, `request_rate`, `stages` and `trace`.',
  'write { concurrency: [1, 4, 16], requests: 10x, warmup: 2x }',
)

/** The section `load` as written, before axes are crossed. */
export type RawLoad = z.infer<typeof loadSchema>
/** The value of `requests: { auto: … }`. */
export type RawAutoRequests = z.infer<typeof autoRequests>['auto']
/** The value of `warmup: { auto: … }`. */
export type RawAutoWarmup = z.infer<typeof autoWarmup>['auto']
