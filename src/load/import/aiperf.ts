import { z } from 'zod'
import type { ErrorKind, RequestErrors } from '../../metrics/measurement.ts'
import { distributionOfMetric, metric, sharedMetrics } from './metrics.ts'
import type { AskedLoad, ImportedSummary } from './summary.ts'
import { exportedDeployment, fulcrumPart, measurementOfSummary } from './summary.ts'

const phase = z.looseObject({
  kind: z.string(),
  type: z.string(),
  requests: z.number().nullish(),
  concurrency: z.number().nullish(),
  rate: z.number().nullish(),
})
const length = z.looseObject({ mean: z.number() })

/** The parts of profile_export_aiperf.json (schema 1.4) that an import needs. */
const aiperfSummary = z.looseObject({
  ...sharedMetrics,
  aiperf_version: z.string(),
  error_request_count: metric.optional(),
  inter_chunk_latency: metric.optional(),
  prefill_throughput_per_user: metric.optional(),
  benchmark_duration: metric.optional(),
  start_time: z.string(),
  error_summary: z
    .array(
      z.looseObject({
        count: z.number(),
        error_details: z.looseObject({
          code: z.number().nullish(),
          type: z.string().nullish(),
          message: z.string().nullish(),
        }),
      }),
    )
    .default([]),
  input_config: z.looseObject({
    models: z.looseObject({ items: z.array(z.looseObject({ name: z.string() })).min(1) }),
    endpoint: z.looseObject({ type: z.string(), streaming: z.boolean() }),
    datasets: z.array(
      z.looseObject({
        entries: z.number().nullish(),
        random_seed: z.number().nullish(),
        prompts: z.looseObject({ isl: length.nullish(), osl: length.nullish() }).nullish(),
      }),
    ),
    phases: z.array(phase),
    fulcrum: fulcrumPart,
  }),
})

type AiperfSummary = z.infer<typeof aiperfSummary>

/** @throws ZodError for what is no summary of AIPerf */
export function readAiperfSummary(json: unknown): ImportedSummary {
  const own = aiperfSummary.parse(json)
  const asked = askedOf(own)
  const measurement = measurementOfSummary(own, asked, {
    program: 'aiperf',
    version: own.aiperf_version,
    // AIPerf writes local time without its offset.
    startedAt: new Date(own.start_time).toISOString(),
    failed: own.error_request_count?.avg ?? 0,
    errors: own.error_summary.map(errorsOf),
    durationS: own.benchmark_duration?.avg ?? null,
    interChunkMs: distributionOfMetric(own.inter_chunk_latency, own.request_count.avg),
    prefillTokensPerSPerUser: distributionOfMetric(own.prefill_throughput_per_user, own.request_count.avg),
    byFulcrum: own.input_config.fulcrum !== undefined,
  })
  return { program: 'aiperf', asked, measurement, deployment: exportedDeployment(own.input_config.fulcrum) }
}

function askedOf(own: AiperfSummary): AskedLoad {
  const { models, endpoint, datasets, phases } = own.input_config
  const [dataset] = datasets
  const measured = phases.find(({ kind }) => kind === 'profiling')
  const warmup = phases.find(({ kind }) => kind === 'warmup')
  return {
    model: models.items[0]?.name ?? '',
    level:
      typeof measured?.rate === 'number' && measured.type !== 'concurrency'
        ? {
            kind: 'rate',
            requestsPerS: measured.rate,
            arrivals: measured.type === 'poisson' ? { kind: 'poisson' } : { kind: 'constant' },
          }
        : { kind: 'concurrency', concurrency: measured?.concurrency ?? 1 },
    api: endpoint.type === 'completions' ? 'completions' : 'chat',
    streaming: endpoint.streaming,
    // Without synthetic prompts what was got is what was asked.
    isl: dataset?.prompts?.isl?.mean ?? own.input_sequence_length.avg,
    osl: dataset?.prompts?.osl?.mean ?? own.output_sequence_length.avg,
    requests: measured?.requests ?? own.request_count.avg,
    warmup: warmup?.requests ?? 0,
    dataset: dataset?.entries ?? 0,
    seed: dataset?.random_seed ?? 0,
  }
}

function errorsOf({ count, error_details }: AiperfSummary['error_summary'][number]): RequestErrors {
  const { code, type, message } = error_details
  const kind: ErrorKind = typeof code === 'number' && code >= 400 ? 'http-status' : 'bad-response'
  return {
    kind,
    count,
    example: [code, type, message]
      .filter(part => part != null)
      .join(' ')
      .slice(0, 500),
  }
}
