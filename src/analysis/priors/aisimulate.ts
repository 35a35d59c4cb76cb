import { parse } from 'csv-parse/sync'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { counted, FulcrumError, type Topology } from '../../model/index.ts'
import type { Prior } from './prior.ts'

const size = z.int().min(1).default(1)

const worker = z.looseObject({
  parallelism: z.looseObject({ replicas: size, tensor: size, pipeline: size, attention_data: size }),
})

/** Concrete configuration of a candidate, as far as a prior needs it. */
const predictionConfig = z.looseObject({
  traffic: z.looseObject({
    source: z.looseObject({ input_tokens: z.number().min(1), output_tokens: z.number().min(1) }),
    load: z.looseObject({
      type: z.string(),
      concurrency: z.number().nullish(),
      requests_per_second: z.number().nullish(),
    }),
  }),
  engine: z.looseObject({
    workers: z.looseObject({ aggregated: worker.nullish(), prefill: worker.nullish(), decode: worker.nullish() }),
  }),
})

const candidate = z.looseObject({
  candidate_id: z.string(),
  status: z.string(),
  used_gpus: z.number().nullish(),
  metrics: z.record(z.string(), z.number().nullable()),
  // Present only for candidates in the views.
  prediction_config: z.unknown(),
})

const result = z.looseObject({ schema_version: z.enum(['1.0', '1.1']), candidates: z.array(candidate) })

/**
 * Reads the output of `aisimulate recommend`: `recommendation.json` (schema 1.0 and 1.1, `sweeper/result.py` of
 * ai-dynamo/aisimulate), or the same ledger as `recommendation.csv`. Feasible, selected candidates become priors; the
 * file has no concrete configuration for others. The numbered YAML files contain no figures.
 *
 * @param file name to show in messages; `.csv` or `.json`
 * @throws FulcrumError bad-input `prior-file-invalid` with the place, or if no candidate becomes a prior
 */
export function aisimulatePriors(text: string, file: string): readonly Prior[] {
  const read = result.safeParse(file.endsWith('.csv') ? fromCsv(text, file) : fromJson(text, file))
  if (!read.success) {
    const [issue] = read.error.issues
    throw invalid(file, `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'unknown layout'}`)
  }
  const { candidates } = read.data
  const priors = candidates.flatMap(one => {
    if (one.status !== 'feasible' || one.prediction_config === null || one.prediction_config === undefined) return []
    const config = predictionConfig.safeParse(one.prediction_config)
    // Traces and ramps are not load levels, and randomly drawn lengths are not a workload.
    if (!config.success) return []
    const prior = priorOf(one, config.data, file)
    return prior === null ? [] : [prior]
  })
  if (priors.length > 0) return priors
  const wrong = `no candidate is feasible, selected and at a fixed load level (${counted(candidates.length, 'candidate')})`
  throw invalid(file, candidates.length === 0 ? 'it has no candidates' : wrong)
}

const report = z.looseObject({ summary: z.record(z.string(), z.unknown()) })

/**
 * Reads the output of `aisimulate predict`: the summary of `prediction.json`, which does not say what was predicted,
 * and the configuration that the command was given.
 *
 * @param config text of the YAML file of `--config`; with every size of its workers' `parallelism` that is not 1
 * @param file name of `prediction.json` to show in messages
 * @throws FulcrumError bad-input `prior-file-invalid` with the place
 */
export function aisimulatePrediction(text: string, config: string, file: string): Prior {
  const remedy = 'Give a folder with the prediction.json of `aisimulate predict` and the YAML file of its --config.'
  const read = report.safeParse(fromJson(text, file))
  if (!read.success) throw invalid(file, 'it has no summary', remedy)
  const given = predictionConfig.safeParse(fromYaml(config, file, remedy))
  if (!given.success) {
    const [issue] = given.error.issues
    throw invalid(file, `its configuration: ${issue?.path.join('.')}: ${issue?.message}`, remedy)
  }
  const metrics = Object.fromEntries(
    Object.entries(read.data.summary).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
  )
  const prior = priorOf({ metrics, candidate_id: 'predict' }, given.data, file)
  if (prior === null) throw invalid(file, 'no throughput, or a load that is neither a concurrency nor a rate', remedy)
  return prior
}

function priorOf(
  { metrics, used_gpus, candidate_id }: Pick<z.output<typeof candidate>, 'metrics' | 'used_gpus' | 'candidate_id'>,
  { traffic, engine }: z.output<typeof predictionConfig>,
  file: string,
): Prior | null {
  const load = loadOf(traffic.load)
  const { aggregated, prefill, decode } = engine.workers
  const gpusOf = (one: z.output<typeof worker>) =>
    one.parallelism.tensor * one.parallelism.pipeline * one.parallelism.attention_data
  const replicas = (one: z.output<typeof worker>) => one.parallelism.replicas
  const decoding = decode ?? aggregated
  if (load === null || !decoding) return null
  const topology: Topology =
    prefill && decode
      ? { kind: 'disaggregated', prefill: replicas(prefill), decode: replicas(decode) }
      : { kind: 'aggregated', workers: replicas(decoding) }
  const prefillGpus = prefill && decode ? replicas(prefill) * gpusOf(prefill) : 0
  const gpus = used_gpus ?? prefillGpus + replicas(decoding) * gpusOf(decoding)
  const tokensPerS = metrics.output_throughput_tok_s ?? null
  if (tokensPerS === null || !(tokensPerS > 0) || !(gpus > 0)) return null
  const itlMs = metrics.mean_itl_ms ?? metrics.mean_tpot_ms ?? null
  return {
    source: `aisimulate (${file}, ${candidate_id})`,
    topology,
    gpus,
    gpusPerDecodeWorker: gpusOf(decoding),
    prefillGpus,
    isl: traffic.source.input_tokens,
    osl: traffic.source.output_tokens,
    load,
    tokensPerSPerGpu: tokensPerS / gpus,
    tokensPerSPerUser: itlMs !== null && itlMs > 0 ? 1000 / itlMs : null,
    ttftMs: metrics.mean_ttft_ms ?? null,
    itlMs,
  }
}

function loadOf({
  type,
  concurrency,
  requests_per_second: rate,
}: z.output<typeof predictionConfig>['traffic']['load']): Prior['load'] | null {
  if (type === 'concurrency' && concurrency) return { kind: 'concurrency', value: concurrency }
  if ((type === 'constant_rate' || type === 'poisson') && rate) return { kind: 'rate', value: rate }
  return null
}

function fromJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : 'it is not JSON')
  }
}

function fromYaml(text: string, file: string, remedy: string): unknown {
  try {
    return parseYaml(text)
  } catch (cause) {
    const [why] = cause instanceof Error ? cause.message.split('\n') : []
    throw invalid(file, `its configuration: ${why ?? 'it is not YAML'}`, remedy)
  }
}

/** One row per candidate, with nested values as JSON cells. */
function fromCsv(text: string, file: string): unknown {
  let lines: readonly (readonly string[])[]
  try {
    lines = parse(text, { bom: true, skip_empty_lines: true })
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : 'it is not CSV')
  }
  const [columns = [], ...rows] = lines
  const at = Object.fromEntries(columns.map((name, index) => [name, index]))
  for (const name of ['candidate_id', 'status', 'used_gpus', 'metrics_json', 'prediction_config_json'])
    if (at[name] === undefined) throw invalid(`${file}:1`, `missing column ${JSON.stringify(name)}`)
  const written = (row: readonly string[], name: string) => row[at[name] ?? -1]
  const cell = (row: readonly string[], index: number, name: string): unknown => {
    const value = written(row, name) ?? ''
    if (value === '') return null
    try {
      return JSON.parse(value)
    } catch {
      throw invalid(`${file}:${index + 2}`, `${name} is not JSON`)
    }
  }
  return {
    schema_version: (rows[0] && written(rows[0], 'schema_version')) ?? '1.0',
    candidates: rows.map((row, index) => ({
      candidate_id: written(row, 'candidate_id'),
      status: written(row, 'status'),
      used_gpus: cell(row, index, 'used_gpus'),
      metrics: cell(row, index, 'metrics_json') ?? {},
      prediction_config: cell(row, index, 'prediction_config_json'),
    })),
  }
}

const usualRemedy = 'Give the output folder of `aisimulate recommend` (result schema 1.0 or 1.1), or leave it out.'

function invalid(where: string, wrong: string, remedy = usualRemedy): FulcrumError {
  return new FulcrumError('bad-input', 'prior-file-invalid', `${where}: ${wrong}`, { remedy })
}
