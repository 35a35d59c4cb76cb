import { z } from 'zod'
import type { Distribution, Finding } from '../../../metrics/measurement.ts'
import { defined, FulcrumError } from '../../../model/index.ts'
import { measurementOfForeign, partial } from '../foreign.ts'
import { at, type FoundFile, type ImportFormat, nameOf } from '../format.ts'
import { mismatch, unreadable } from '../read.ts'
import type { AskedLoad, ImportedSummary, SaidDeployment } from '../summary.ts'
import { benchServeSchema, figuresOf } from './vllm-bench-serve.ts'

const layout = 'rows of schema 1 and 2 (fixed sequence lengths) of InferenceX'

const number = z.number().nullish()
const count = z.int().min(0)
const size = z.int().min(1).nullish()

/** One row of agg_bmk.json, or a whole agg_*.json, written by InferenceX's process_result.py. Times in s. */
const rowSchema = z.looseObject({
  result_schema_version: z.union([z.number(), z.string()]).nullish(),
  hw: z.string(),
  conc: z.int().min(1),
  model: z.string(),
  framework: z.string(),
  precision: z.string(),
  spec_decoding: z.string().nullish(),
  image: z.string().nullish(),
  disagg: z.union([z.boolean(), z.string()]).nullish(),
  is_multinode: z.boolean().nullish(),
  isl: z.coerce.number().int().min(1),
  osl: z.coerce.number().int().min(1),
  tp: size,
  pp: size,
  pcp_size: size,
  ep: size,
  dp_attention: z.union([z.boolean(), z.string()]).nullish(),
  num_prefill_gpu: count.nullish(),
  num_decode_gpu: count.nullish(),
  prefill_num_workers: count.nullish(),
  decode_num_workers: count.nullish(),
  tput_per_gpu: number,
  output_tput_per_gpu: number,
  input_tput_per_gpu: number,
  benchmark_outcome: z.looseObject({ status: z.string() }).nullish(),
})

type Row = z.output<typeof rowSchema>

/** InferenceX's aggregate of a night, with the file of each point behind it. */
export const inferenceXFormat: ImportFormat = {
  isOf: ({ value }) => (Array.isArray(value) ? value.length > 0 && value.every(isRow) : isRow(value)),
  read: (file, others) => {
    const rows: readonly unknown[] = Array.isArray(file.value) ? file.value : [file.value]
    const results: ImportedSummary[] = []
    const refused: string[] = []
    for (const [index, row] of rows.entries()) {
      try {
        results.push(readRow(row, file, others))
      } catch (error) {
        if (!(error instanceof FulcrumError)) throw error
        refused.push(rows.length === 1 ? error.message : `row ${index + 1}: ${error.message}`)
      }
    }
    return { results, refused }
  },
}

/** Rows without figures belong to failed runs or agentic traces. */
const isRow = (row: unknown): boolean =>
  at(row, 'hw') !== undefined &&
  at(row, 'framework') !== undefined &&
  (at(row, 'conc') !== undefined || at(row, 'users') !== undefined)

function readRow(json: unknown, file: FoundFile, others: ReadonlyMap<string, FoundFile>): ImportedSummary {
  const version = at(json, 'result_schema_version')
  const writer = `InferenceX, ${version === undefined || version === null ? 'a row without a schema version' : `schema ${String(version)}`}`
  if (version !== undefined && version !== null && !['1', '2'].includes(String(version)))
    throw unreadable(layout, writer, 'its layout is another one')
  if (at(json, 'request_metrics') !== undefined || String(at(json, 'scenario_type') ?? '').startsWith('agentic'))
    throw unreadable(layout, `${writer}, agentic traces`, 'they have no ISL and OSL')
  const read = rowSchema.safeParse(json)
  if (!read.success) throw unreadable(layout, writer, mismatch(read.error))
  const row = read.data
  const deployment = deploymentOf(row, writer)
  const raw = rawResult(file, others)
  return isFailed(row) ? failedRow(row, file, deployment) : measuredRow(row, file, deployment, raw)
}

const isFailed = ({ benchmark_outcome, tput_per_gpu }: Row): boolean =>
  benchmark_outcome?.status === 'failed' || tput_per_gpu === null || tput_per_gpu === undefined || tput_per_gpu === 0

function askedOf(row: Row): AskedLoad {
  return {
    model: row.model,
    level: { kind: 'concurrency', concurrency: row.conc },
    api: 'completions',
    streaming: true,
    isl: row.isl,
    osl: row.osl,
    // Its scripts send ten requests per slot; rows do not record the number.
    requests: 10 * row.conc,
    ...{ warmup: 0, dataset: 10 * row.conc, seed: 0 },
  }
}

function failedRow(row: Row, file: FoundFile, deployment: SaidDeployment): ImportedSummary {
  const asked = askedOf(row)
  const nothing = { ttftMs: null, itlMs: null, requestLatencyMs: null, isl: null, osl: null }
  const measurement = measurementOfForeign(
    {
      ...{ program: 'inferencex', version: 'unknown', startedAt: file.modifiedAt.toISOString(), durationS: null },
      ...{ completed: 0, failed: asked.requests, ...nothing },
      ...{ requestsPerS: null, outputTokensPerS: null, inputTokensPerS: null, inputTokens: 0, outputTokens: 0 },
      errors: [{ kind: 'bad-response', count: asked.requests, example: 'InferenceX says that this run failed' }],
    },
    asked,
  )
  return { program: 'inferencex', allFailed: true, asked, measurement, deployment }
}

function measuredRow(
  row: Row,
  file: FoundFile,
  deployment: SaidDeployment,
  raw: ReturnType<typeof rawResult>,
): ImportedSummary {
  const asked = askedOf(row)
  const { all, output } = gpusOf(row)
  const tokensPerS = (row.tput_per_gpu ?? 0) * all
  const outputTokensPerS =
    row.output_tput_per_gpu === null || row.output_tput_per_gpu === undefined ? null : row.output_tput_per_gpu * output
  const seconds = (metric: string) => statisticsOf(row, metric, asked.requests)
  const figures =
    raw === null
      ? {
          ...{ version: 'unknown', startedAt: file.modifiedAt.toISOString(), durationS: null },
          ...{ completed: asked.requests, isCompletedKnown: false as const, failed: null },
          // A row contains requested lengths; the file of the point contains the actual ones.
          ...{ isl: null, osl: null, requestsPerS: null, inputTokens: null, outputTokens: null },
        }
      : figuresOf(raw, 'inferencex', file.modifiedAt)
  const measurement = measurementOfForeign(
    {
      ...figures,
      program: 'inferencex',
      ttftMs: seconds('ttft'),
      itlMs: seconds('tpot'),
      interChunkMs: seconds('itl'),
      requestLatencyMs: seconds('e2el'),
      outputTokensPerS,
      inputTokensPerS: outputTokensPerS === null ? null : tokensPerS - outputTokensPerS,
      remarks: raw === null ? [countsUnknown] : [],
    },
    asked,
  )
  return { program: 'inferencex', allFailed: false, asked, measurement, deployment }
}

const countsUnknown: Finding = {
  severity: 'note',
  code: 'imported-counts-unknown',
  message: 'a row of InferenceX counts no requests and no lengths: those are not known',
}

/** GPUs of all workers, and those by which output throughput is divided. */
function gpusOf(row: Row): { readonly all: number; readonly output: number } {
  if (row.is_multinode !== true && row.num_prefill_gpu === undefined) {
    const all = (row.tp ?? 1) * (row.pp ?? 1) * (row.pcp_size ?? 1)
    return { all, output: all }
  }
  const [prefill, decode] = [row.num_prefill_gpu ?? 0, row.num_decode_gpu ?? 0]
  return { all: prefill + decode, output: decode > 0 ? decode : prefill + decode }
}

function deploymentOf(row: Row, writer: string): SaidDeployment {
  const each = (gpus: number, workers: number, role: string) => {
    if (workers > 0 && Number.isInteger(gpus / workers)) return gpus / workers
    throw unreadable(layout, writer, `${gpus} ${role} GPUs cannot be divided evenly among ${workers} workers`)
  }
  const settings = {
    ...{ hardware: row.hw, framework: row.framework, precision: row.precision },
    ...(row.spec_decoding && row.spec_decoding !== 'none' ? { spec_decoding: row.spec_decoding } : {}),
    ...defined({
      ep: row.ep ?? undefined,
      dp_attention: row.dp_attention?.toString(),
      image: row.image ?? undefined,
    }),
  }
  const [prefillGpus, decodeGpus] = [row.num_prefill_gpu ?? 0, row.num_decode_gpu ?? 0]
  if (decodeGpus > 0) {
    const [prefill, decode] = [row.prefill_num_workers ?? 0, row.decode_num_workers ?? 0]
    const gpusPerWorker = {
      prefill: each(prefillGpus, prefill, 'prefill'),
      decode: each(decodeGpus, decode, 'decode'),
      aggregated: 0,
    }
    return { topology: { kind: 'disaggregated', prefill, decode }, gpusPerWorker, settings, isStated: true }
  }
  // A multi-node row without decode GPUs describes aggregated workers, which it counts as prefill.
  const workers = prefillGpus > 0 ? (row.prefill_num_workers ?? 1) : 1
  const gpus = each(gpusOf(row).all, workers, 'aggregated')
  return {
    topology: { kind: 'aggregated', workers },
    gpusPerWorker: { prefill: 0, decode: 0, aggregated: gpus },
    settings,
    isStated: true,
  }
}

function statisticsOf(row: Row, metric: string, requests: number): Distribution | null {
  const said = (name: string) => {
    const value = row[`${name}_${metric}`]
    return typeof value === 'number' ? value : undefined
  }
  return partial(
    {
      ...{ mean: said('mean'), stddev: said('std'), p50: said('median') ?? said('p50') },
      ...{ p1: said('p1'), p5: said('p5'), p10: said('p10'), p25: said('p25') },
      ...{ p75: said('p75'), p90: said('p90'), p95: said('p95'), p99: said('p99') },
    },
    requests,
    1000,
  )
}

/** Result from which a point's file was made: `NAME.json` beside `agg_NAME.json`. */
function rawResult(file: FoundFile, others: ReadonlyMap<string, FoundFile>) {
  const name = nameOf(file.path)
  if (Array.isArray(file.value) || !name.startsWith('agg_')) return null
  const raw = others.get(`${file.path.slice(0, -name.length)}${name.slice('agg_'.length)}`)
  const read = raw === undefined ? null : benchServeSchema.safeParse(raw.value)
  return read?.success === true ? read.data : null
}
