import { z } from 'zod'
import { type Distribution, type Finding, type Measurement, unknownHealth } from '../../metrics/measurement.ts'
import type { Api, EngineSettings, LoadLevel, Role, Topology } from '../../model/index.ts'
import { distributionOfMetric, essentialMetrics, type sharedMetrics } from './metrics.ts'
import { unreadable } from './read.ts'

/** The load according to a summary. */
export interface AskedLoad {
  readonly model: string
  readonly level: LoadLevel
  readonly api: Api
  readonly streaming: boolean
  readonly isl: number
  readonly osl: number
  readonly requests: number
  readonly warmup: number
  readonly dataset: number
  readonly seed: number
}

/** A parsed summary of another program's run. */
export interface ImportedSummary {
  /** Name of the generator that wrote it. */
  readonly program: string
  /** True if requests were sent and none was answered. */
  readonly allFailed: boolean
  readonly asked: AskedLoad
  readonly measurement: Measurement
  /** Deployment recorded by Fulcrum's own export; null in a program's own file. */
  readonly deployment: SaidDeployment | null
}

/** A deployment as a summary describes it. */
export interface SaidDeployment {
  readonly topology: Topology
  /** One number for all roles, or one per role. */
  readonly gpusPerWorker: number | { readonly [role in Role]: number }
  /** Other distinguishing properties, such as hardware and framework. They become part of the deployment's identity. */
  readonly settings?: EngineSettings
  /** True if the summary takes precedence over the path of its file. */
  readonly isStated?: true
}

type Shared = z.infer<z.ZodObject<typeof sharedMetrics>>

/** Data that Fulcrum's exports add to a program's layout, so that they can be imported again. Programs ignore it. */
export const fulcrumPart = z
  .looseObject({
    topology: z.union([
      z.strictObject({ kind: z.literal('aggregated'), workers: z.int().min(1) }),
      z.strictObject({ kind: z.literal('disaggregated'), prefill: z.int().min(1), decode: z.int().min(1) }),
    ]),
    gpus_per_worker: z.int().min(0),
  })
  .optional()

/** Deployment from the added part of an export; null in a program's own file. */
export function exportedDeployment(part: z.infer<typeof fulcrumPart>): ImportedSummary['deployment'] {
  return part === undefined ? null : { topology: part.topology, gpusPerWorker: part.gpus_per_worker }
}

/** Facts that programs record in different ways. */
export interface Particulars {
  readonly program: ImportedSummary['program']
  readonly version: string
  readonly startedAt: string
  /** Null if the summary does not count them. */
  readonly failed: number | null
  readonly errors: Measurement['errors']
  readonly durationS: number | null
  readonly interChunkMs: Measurement['interChunkMs']
  readonly prefillTokensPerSPerUser: Measurement['prefillTokensPerSPerUser']
  /** Whether Fulcrum wrote the summary, so that its means follow Fulcrum's definitions. */
  readonly byFulcrum: boolean
  /** Program that wrote the file, for messages. */
  readonly writer: string
  /** Supported layout, for messages. */
  readonly layout: string
  /** Additional findings. */
  readonly remarks: readonly Finding[]
}

/**
 * Measurement from a summary. Values that it lacks, above all the client's health, stay unknown, and findings report
 * this.
 * @throws FulcrumError (bad-input) if it counts answers but lacks their essential figures
 */
export function measurementOfSummary(own: Shared, asked: AskedLoad, particulars: Particulars): Measurement {
  const completed = own.request_count?.avg ?? 0
  const { failed } = particulars
  const missing = completed > 0 ? essentialMetrics.find(name => own[name] === undefined) : undefined
  if (missing !== undefined) throw unreadable(particulars.layout, particulars.writer, `${missing} holds no number`)
  const of = (name: keyof Shared) => distributionOfMetric(own[name], completed)
  const requestsPerS = own.request_throughput?.avg ?? null
  const isl = own.input_sequence_length?.avg ?? null
  const osl = own.output_sequence_length?.avg ?? null
  const durationS = particulars.durationS ?? (requestsPerS !== null && requestsPerS > 0 ? completed / requestsPerS : 0)
  return {
    generator: { name: particulars.program, version: particulars.version },
    startedAt: particulars.startedAt,
    durationS,
    wallS: durationS,
    requests: {
      sent: completed + (failed ?? 0),
      completed,
      failed: failed ?? 0,
      ...(failed === null ? { isFailedKnown: false } : {}),
    },
    errors: particulars.errors,
    ttftMs: of('time_to_first_token'),
    ttstMs: of('time_to_second_token'),
    itlMs: of('inter_token_latency'),
    interChunkMs: particulars.interChunkMs,
    requestLatencyMs: of('request_latency'),
    fromSend: null,
    isl: of('input_sequence_length'),
    osl: of('output_sequence_length'),
    outputTokensPerSPerUser: speedsOf(of('output_token_throughput_per_user'), own, particulars.byFulcrum),
    prefillTokensPerSPerUser: particulars.prefillTokensPerSPerUser,
    totals: {
      inputTokens: completed === 0 ? 0 : isl === null ? null : Math.round(isl * completed),
      outputTokens: completed === 0 ? 0 : osl === null ? null : Math.round(osl * completed),
      chunks: 0,
    },
    requestsPerS,
    outputTokensPerS: own.output_token_throughput?.avg ?? null,
    inputTokensPerS: isl === null || requestsPerS === null ? null : isl * requestsPerS,
    goodputPerS: own.request_goodput?.avg ?? null,
    tokenSource: 'generator',
    steady: null,
    client: unknownHealth,
    deviation: { isl: deviation(isl, asked.isl), osl: deviation(osl, asked.osl) },
    remarks: [
      {
        severity: 'note',
        code: 'imported',
        message: `from ${particulars.program}'s summary: how busy its client was${failed === null ? ' and how many requests failed are' : ' is'} not known`,
      },
      ...particulars.remarks,
    ],
    files: [],
  }
}

/**
 * The programs use the mean of 1000 / ITL, which the shortest requests dominate. Uses 1000 divided by the mean ITL
 * instead, which is all tokens divided by all decode time if answers have equal lengths, and close to it otherwise.
 */
function speedsOf(speeds: Distribution | null, own: Shared, byFulcrum: boolean): Distribution | null {
  const itlMs = own.inter_token_latency?.avg ?? 0
  return speeds === null || byFulcrum || !(itlMs > 0) ? speeds : { ...speeds, mean: 1000 / itlMs }
}

const deviation = (got: number | null, asked: number): number | null =>
  got !== null && asked > 0 ? (got - asked) / asked : null

/** Reports that a file had values that are not numbers, so figures based on them are unknown. */
export function unknownFigures(notNumbers: number): readonly Finding[] {
  if (notNumbers === 0) return []
  const message = `${notNumbers} ${notNumbers === 1 ? 'figure' : 'figures'} of the summary ${notNumbers === 1 ? 'is' : 'are'} no number (NaN): a metric that lacks one counts as not known`
  return [{ severity: 'warning', code: 'imported-not-a-number', message }]
}
