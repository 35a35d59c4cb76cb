import { z } from 'zod'
import { sharedMetrics } from './metrics.ts'
import type { AskedLoad, ImportedSummary } from './summary.ts'
import { exportedDeployment, fulcrumPart, measurementOfSummary } from './summary.ts'

const mean = z.looseObject({ mean: z.number() })
const stimulus = z.looseObject({ concurrency: z.number().optional(), request_rate: z.number().optional() })

/** The parts of profile_export_genai_perf.json (0.0.16) that an import needs, and what Fulcrum's export adds. */
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
 * @param modifiedAt when the file was written: genai-perf doesn't say when it ran
 * @throws ZodError for what is no summary of genai-perf
 */
export function readGenaiPerfSummary(json: unknown, modifiedAt: Date): ImportedSummary {
  const own = genaiPerfSummary.parse(json)
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
    version: 'unknown',
    startedAt: modifiedAt.toISOString(),
    failed: null,
    errors: [],
    durationS: null,
    interChunkMs: null,
    prefillTokensPerSPerUser: null,
    byFulcrum: fulcrum !== undefined,
  })
  return { program: 'genai-perf', asked, measurement, deployment: exportedDeployment(fulcrum) }
}
