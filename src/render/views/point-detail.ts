import { mean } from 'simple-statistics'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { failedRequestsOf } from '../../metrics/definitions.ts'
import type { Distribution, Measurement } from '../../metrics/measurement.ts'
import { largest } from '../../model/index.ts'
import { type CacheLine, cacheLines } from './cache-lines.ts'
import { type GpuRoleLine, gpuRoleLines } from './gpu-role-lines.ts'
import { type ModelLine, modelLines } from './model-lines.ts'
import { type SpeculationLine, speculationLines } from './speculation-lines.ts'

/** Details of one selected point that the page shows in addition to key figures. */
export interface PointDetail {
  /** Point ids of the repeats, as in points.csv. */
  readonly ids: readonly string[]
  /** Requests sent and failed over all valid repeats; absent if the number of failed ones is unknown. */
  readonly requests?: number
  readonly failed?: number
  /** Milliseconds at {@link quantilePercents}, means over valid repeats; absent where not measured. */
  readonly ttft?: readonly number[]
  readonly itl?: readonly number[]
  readonly latency?: readonly number[]
  /** Queues, running requests and KV cache use from the server's metrics: source and metric, mean, maximum. */
  readonly server: readonly (readonly [name: string, mean: number, max: number])[]
  /** Known facts about the prefix cache; absent without any. */
  readonly cache?: readonly CacheLine[]
  /** Results of each mixed model; absent with one model. */
  readonly models?: readonly ModelLine[]
  /** Known facts about speculative decoding; absent without any. */
  readonly speculation?: readonly SpeculationLine[]
  /** The GPUs of each role; absent without any. */
  readonly gpus?: readonly GpuRoleLine[]
}

/** Percentages of requests that are at or below the value at the same index of a {@link PointDetail} distribution. */
export const quantilePercents = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100] as const

const quantileNames = ['min', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const

/** Collects the details of a point for the page. */
export function pointDetail(point: MeasuredPoint): PointDetail {
  const { valid, repeats } = point
  const cache = cacheLines(point)
  const speculation = speculationLines(point)
  const models = modelLines(point)
  const gpus = gpuRoleLines(point)
  return {
    ids: repeats.map(repeat => repeat.point.id),
    ...requestCounts(valid),
    ...quantiles('ttft', valid, m => m.ttftMs),
    ...quantiles('itl', valid, m => m.itlMs),
    ...quantiles('latency', valid, m => m.requestLatencyMs),
    server: serverFigures(valid),
    ...(cache.length === 0 ? {} : { cache }),
    ...(models.length === 0 ? {} : { models }),
    ...(speculation.length === 0 ? {} : { speculation }),
    ...(gpus.length === 0 ? {} : { gpus }),
  }
}

function requestCounts(valid: readonly Measurement[]): Pick<PointDetail, 'requests' | 'failed'> {
  const failed = valid.flatMap(m => failedRequestsOf(m) ?? [])
  if (failed.length < valid.length) return {}
  return {
    requests: valid.reduce((sum, m) => sum + m.requests.sent, 0),
    failed: failed.reduce((sum, count) => sum + count, 0),
  }
}

function quantiles<N extends 'ttft' | 'itl' | 'latency'>(
  name: N,
  measurements: readonly Measurement[],
  of: (m: Measurement) => Distribution | null,
): { [name in N]?: readonly number[] } {
  const known = measurements.map(of).filter(distribution => distribution !== null)
  if (known.length === 0) return {}
  const means = quantileNames.map(quantile => mean(known.map(distribution => distribution[quantile] ?? Number.NaN)))
  // Summaries of other programs may lack some.
  if (means.some(Number.isNaN)) return {}
  const found: { [name in N]?: readonly number[] } = {}
  found[name] = means
  return found
}

/** Series that show where requests wait and how full the KV cache is. The journal has the others. */
const telling = /waiting|queue|running|in_?flight|active_requests|kv_?cache_usage|kv_usage/i
const mostServerFigures = 12

function serverFigures(measurements: readonly Measurement[]): PointDetail['server'] {
  const series = Map.groupBy(
    measurements.flatMap(m =>
      Object.entries(m.server ?? {}).flatMap(([source, metrics]) =>
        Object.entries(metrics)
          .filter(([metric]) => telling.test(metric))
          .map(([metric, of]) => ({ name: `${source}: ${metric}`, of })),
      ),
    ),
    ({ name }) => name,
  )
  return [...series]
    .slice(0, mostServerFigures)
    .map(([name, all]) => [name, mean(all.map(({ of }) => of.mean)), largest(all.map(({ of }) => of.max))])
}
