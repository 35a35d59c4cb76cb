import { z } from 'zod'
import type { ErrorKind, Finding, Measurement, RequestErrors } from '../../metrics/measurement.ts'
import { counted, FulcrumError } from '../../model/index.ts'
import { distributionOfMetric, metric, sharedMetrics, time } from '../import/metrics.ts'
import { mismatch, unreadable, withoutNulls } from '../import/read.ts'
import type { AskedLoad, ImportedSummary } from '../import/summary.ts'
import { exportedDeployment, fulcrumPart, measurementOfSummary, unknownFigures } from '../import/summary.ts'

/** Supported schema, for messages. */
const layout = 'schema 1.4, as AIPerf 0.13 writes it'

const phase = z.looseObject({
  name: z.string().nullish(),
  kind: z.string(),
  exclude_from_results: z.boolean().nullish(),
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
  was_cancelled: z.boolean().nullish(),
  is_complete: z.boolean().nullish(),
  error_request_count: metric.optional(),
  inter_chunk_latency: time.optional(),
  time_to_first_output_token: time.optional(),
  reasoning_token_count: metric.optional(),
  output_token_count: metric.optional(),
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

/**
 * @param notNumbers figures that are NaN in the file, which JSON represents as null
 * @throws FulcrumError (bad-input) `summary-unreadable` for another schema, several measured phases in one file, or
 *   missing figures
 */
export function readAiperfSummary(json: unknown, notNumbers = 0): ImportedSummary {
  const writer = writerOf(json)
  const read = aiperfSummary.safeParse(withoutNulls(json))
  if (!read.success) throw unreadable(layout, writer, mismatch(read.error))
  const own = read.data
  const measured = measuredPhases(own)
  if (measured.length > 1)
    throw new FulcrumError(
      'bad-input',
      'several-phases',
      `${writer}: one summary of ${measured.length} measured phases (${measured.map(shown).join(', ')}) describes no single load level. Run each phase separately, and import those results`,
    )
  const asked = askedOf(own)
  const failed = own.error_request_count?.avg ?? own.error_summary.reduce((sum, { count }) => sum + count, 0)
  const completed = own.request_count?.avg ?? 0
  if (completed === 0 && failed === 0) throw unreadable(layout, writer, 'it counts no requests')
  const measurement = measurementOfSummary(own, asked, {
    program: 'aiperf',
    layout,
    version: own.aiperf_version,
    // AIPerf writes local times without an offset.
    startedAt: new Date(own.start_time).toISOString(),
    failed,
    errors: own.error_summary.map(errorsOf),
    durationS: own.benchmark_duration?.avg ?? null,
    interChunkMs: distributionOfMetric(own.inter_chunk_latency, completed),
    prefillTokensPerSPerUser: distributionOfMetric(own.prefill_throughput_per_user, completed),
    byFulcrum: own.input_config.fulcrum !== undefined,
    writer,
    remarks: [...cutShort(own), ...unknownFigures(notNumbers)],
  })
  return {
    program: 'aiperf',
    allFailed: completed === 0,
    asked,
    measurement: { ...measurement, ...reasoningOf(own, completed) },
    deployment: exportedDeployment(own.input_config.fulcrum),
  }
}

/** AIPerf counts only visible reasoning. Without any, its time to first output token equals the TTFT. */
function reasoningOf(own: AiperfSummary, completed: number): Pick<Measurement, 'reasoning'> {
  const reasoningTokens = distributionOfMetric(own.reasoning_token_count, completed)
  if (reasoningTokens === null || !(reasoningTokens.mean > 0)) return {}
  const ttfoMs = distributionOfMetric(own.time_to_first_output_token, completed)
  return {
    reasoning: {
      answersInAll: completed,
      answers: reasoningTokens.count,
      unanswered: Math.max(0, completed - (ttfoMs?.count ?? 0)),
      ttfoMs,
      counted: reasoningTokens.count,
      reasoningTokens,
      answerTokens: distributionOfMetric(own.output_token_count, completed),
      impossible: 0,
    },
  }
}

/** `AIPerf 0.13.0, schema 1.4` */
function writerOf(json: unknown): string {
  const { aiperf_version: version, schema_version: schema } = (json ?? {}) as { readonly [key: string]: unknown }
  return `AIPerf ${typeof version === 'string' ? version : 'of an unknown version'}, ${schema === undefined ? 'without a schema version' : `schema ${schema}`}`
}

const measuredPhases = ({ input_config: { phases } }: AiperfSummary) =>
  phases.filter(({ kind, exclude_from_results: excluded }) => kind === 'profiling' && excluded !== true)

function shown({ concurrency, rate, requests }: z.infer<typeof phase>): string {
  const level = typeof rate === 'number' ? `${rate} requests/s` : `concurrency ${concurrency ?? 1}`
  return typeof requests === 'number' ? `${level} with ${counted(requests, 'request')}` : level
}

/** An interrupted run measured only an unknown part of its load. */
function cutShort({ was_cancelled: cancelled, is_complete: complete }: AiperfSummary): readonly Finding[] {
  if (cancelled !== true && complete !== false) return []
  const message = `AIPerf says that this run ${cancelled === true ? 'was cancelled' : 'is not complete'}: its figures are of a part of the load. Measure it again`
  return [{ severity: 'invalid', code: 'imported-incomplete', message }]
}

function askedOf(own: AiperfSummary): AskedLoad {
  const { models, endpoint, datasets, phases } = own.input_config
  const [dataset] = datasets
  const [measured] = measuredPhases(own)
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
    // Without synthetic prompts, the requested lengths are the received ones.
    isl: dataset?.prompts?.isl?.mean ?? own.input_sequence_length?.avg ?? 0,
    osl: dataset?.prompts?.osl?.mean ?? own.output_sequence_length?.avg ?? 0,
    requests: measured?.requests ?? own.request_count?.avg ?? 0,
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
