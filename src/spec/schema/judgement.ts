import { z } from 'zod'
import { defaultLimits } from '../../model/index.ts'
import { field, share } from '../../yaml/field.ts'

const ms = (about: string) => field(z.number().positive(), `${about}, in ms.`, 'write a number of milliseconds')
const limit = (about: string, standard: number, schema: z.ZodNumber) =>
  field(
    schema,
    `${about} Default: ${standard}.`,
    schema === share ? 'write a share from 0 to 1' : 'write a number of milliseconds',
  ).default(standard)
const milliseconds = z.number().min(0)

/** Schema of the section `slo`. */
export const sloSchema = field(
  z.strictObject({
    ttft_p95_ms: ms('Time to first token, 95th percentile').optional(),
    ttfo_p95_ms: ms('Time to the first token of the answer, after reasoning, 95th percentile').optional(),
    itl_p95_ms: ms('Inter-token latency, 95th percentile').optional(),
    request_latency_p95_ms: ms('Request latency, 95th percentile').optional(),
  }),
  'Service level objectives. A request counts towards goodput if it meets all of them. Default: none.',
  'write { ttft_p95_ms: 2000, itl_p95_ms: 25 }',
)

/** Schema of the section `validity`. Its defaults are those of {@link defaultLimits}. */
export const validitySchema = field(
  z.strictObject({
    error_share: limit('Failed requests as a share of all requests, 0–1.', defaultLimits.errorShare, share),
    send_lateness_p99_ms: limit(
      'How late requests are sent: p99 of actual minus scheduled send time, in ms.',
      defaultLimits.sendLatenessP99Ms,
      milliseconds,
    ),
    event_loop_delay_p99_ms: limit(
      'p99 of the generator’s event-loop delay, in ms.',
      defaultLimits.eventLoopDelayP99Ms,
      milliseconds,
    ),
    cpu_share: limit(
      'CPU time that the generator uses, as a share of one core per thread, 0–1.',
      defaultLimits.cpuShare,
      share,
    ),
    run_queue_share: limit(
      'Share of the window in which a thread of the generator was ready to run but had no core, 0–1.',
      defaultLimits.runQueueShare,
      share,
    ),
    isl_deviation: limit(
      'Relative deviation of the mean ISL from the requested one, 0–1.',
      defaultLimits.islDeviation,
      share,
    ),
    osl_deviation: limit(
      'Relative deviation of the mean OSL from the requested one, 0–1.',
      defaultLimits.oslDeviation,
      share,
    ),
    in_flight_share: limit(
      'Minimum share of the time in which the slots of a closed loop have a request in flight, of the time in which they have one to send, 0–1. Below it, the concurrency was not reached.',
      defaultLimits.inFlightShare,
      share,
    ),
    prefill_bypass: limit(
      'Requests of a disaggregated deployment that no prefill worker processed, as a share of all, according to the workers’ counters, 0–1. Raise it if the router is meant to prefill short prompts on decode workers.',
      defaultLimits.prefillBypassShare,
      share,
    ),
  }),
  'Limits beyond which a point is marked invalid.',
  'write limits such as { error_share: 0.01 }',
)
