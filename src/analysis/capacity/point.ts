import type { Distribution, Measurement } from '../../metrics/measurement.ts'
import { defined } from '../../model/defined.ts'
import type { Estimate } from '../estimate.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { KnownQuantiles } from './quantiles.ts'

/** Part of a measurement that capacity planning uses. */
export type CapacityMeasurement = Pick<Measurement, 'window' | 'durationS' | 'requestsPerS'> & {
  readonly requests: Pick<Measurement['requests'], 'sent' | 'completed'>
  readonly ttftMs: KnownQuantiles | null
  readonly itlMs: KnownQuantiles | null
  readonly requestLatencyMs: KnownQuantiles | null
}

/** Part of a point that capacity planning uses: a {@link MeasuredPoint}, or the part of one that a page contains. */
export interface CapacityPoint extends Pick<MeasuredPoint, 'key' | 'deployment' | 'label' | 'workload' | 'load'> {
  readonly status: MeasuredPoint['status']
  readonly repeats: readonly { readonly point: { readonly id: string } }[]
  readonly valid: readonly CapacityMeasurement[]
  readonly figures: { readonly [name: string]: Estimate | null }
}

/** Figures of points.csv that capacity planning uses. */
const figuresRead = [
  ...['request_throughput', 'ttft_p95_ms', 'itl_p95_ms', 'request_latency_p95_ms', 'gpu_power_mean_w'],
] as const

/** Reduces a point to the data that capacity planning uses, as plain data. Planning from it gives the same plan. */
export function capacityPoint(point: MeasuredPoint): CapacityPoint {
  const { key, deployment, label, workload, load, status, repeats, valid, figures } = point
  return {
    key,
    deployment,
    label,
    workload,
    load,
    status,
    repeats: repeats.map(({ point: { id } }) => ({ point: { id } })),
    valid: valid.map(measurementRead),
    figures: Object.fromEntries(figuresRead.map(name => [name, figures[name] ?? null])),
  }
}

function measurementRead(measurement: Measurement): CapacityMeasurement {
  const { window, durationS, requests, requestsPerS } = measurement
  return {
    ...defined({ window }),
    durationS,
    requestsPerS,
    requests: { sent: requests.sent, completed: requests.completed },
    ttftMs: distributionRead(measurement.ttftMs),
    itlMs: distributionRead(measurement.itlMs),
    requestLatencyMs: distributionRead(measurement.requestLatencyMs),
  }
}

function distributionRead(distribution: Distribution | null): KnownQuantiles | null {
  if (distribution === null) return null
  const { min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max } = distribution
  return { min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max }
}
