import { z } from 'zod'
import { sharedMetrics } from '../import/metrics.ts'
import { mismatch, unreadable, withoutNulls } from '../import/read.ts'
import type { AskedLoad, ImportedSummary } from '../import/summary.ts'
import { exportedDeployment, fulcrumPart, measurementOfSummary, unknownFigures } from '../import/summary.ts'

/** Supported layout, for messages. */
const layout = 'the layout of genai-perf 0.0.16'

const mean = z.looseObject({ mean: z.number() })
const stimulus = z.looseObject({ concurrency: z.number().optional(), request_rate: z.number().optional() })

/** Parts of profile_export_genai_perf.json (0.0.16) that an import needs, and Fulcrum's additions. */
const genaiPerfSummary = z.looseObject({
  ...sharedMetrics,
  input_config: z.looseObject({
    model_names: z.array(z.string()).min(1),
    endpoint: z.looseObject({ type: z.string(), streaming: z.boolean() }),
    perf_analyzer: z.looseObject({
      stimulus,
      warmup_request_count: z.number().default(0),
    }),
    input: z.looseObject({
      synthetic_tokens: mean,
      output_tokens: mean,
      num_dataset_entries: z.number().default(0),
      random_seed: z.number().default(0),
    }),
    fulcrum: fulcrumPart,
  }),
})

/**
 * @param modifiedAt when the file was written, because genai-perf does not record when it ran
 * @param notNumbers figures that are NaN in the file, which JSON represents as null
 * @throws FulcrumError (bad-input) `summary-unreadable` for another layout or missing figures
 */
export function readGenaiPerfSummary(json: unknown, modifiedAt: Date, notNumbers = 0): ImportedSummary {
  const read = genaiPerfSummary.safeParse(withoutNulls(json))
  if (!read.success) throw unreadable(layout, writerOf(json), mismatch(read.error))
  const own = read.data
  if (own.request_count === undefined) throw unreadable(layout, writerOf(json), 'it counts no requests')
  const { model_names, endpoint, perf_analyzer, input, fulcrum } = own.input_config
  const { concurrency, request_rate } = perf_analyzer.stimulus
  const asked: AskedLoad = {
    model: model_names[0] ?? '',
    level:
      request_rate === undefined
        ? { kind: 'concurrency', concurrency: concurrency ?? 1 }
        : { kind: 'rate', requestsPerS: request_rate, arrivals: { kind: 'constant' } },
    api: endpoint.type === 'completions' ? 'completions' : 'chat',
    streaming: endpoint.streaming,
    isl: input.synthetic_tokens.mean,
    osl: input.output_tokens.mean,
    requests: own.request_count.avg,
    warmup: perf_analyzer.warmup_request_count,
    dataset: input.num_dataset_entries,
    seed: input.random_seed,
  }
  const measurement = measurementOfSummary(own, asked, {
    program: 'genai-perf',
    layout,
    version: 'unknown',
    startedAt: modifiedAt.toISOString(),
    failed: null,
    errors: [],
    durationS: null,
    interChunkMs: null,
    prefillTokensPerSPerUser: null,
    byFulcrum: fulcrum !== undefined,
    writer: writerOf(json),
    remarks: unknownFigures(notNumbers),
  })
  return {
    program: 'genai-perf',
    allFailed: own.request_count.avg === 0,
    asked,
    measurement,
    deployment: exportedDeployment(fulcrum),
  }
}

/** genai-perf records no version, but the layout of its settings identifies old ones. */
function writerOf(json: unknown): string {
  const settings = (json as { readonly input_config?: { readonly [key: string]: unknown } } | null)?.input_config
  const isOld = settings !== undefined && (!('perf_analyzer' in settings) || !('model_names' in settings))
  return isOld ? 'genai-perf of an older version (it names none)' : 'genai-perf (it names no version)'
}
