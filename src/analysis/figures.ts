import { interactivityOf, ratesOf } from '../metrics/definitions.ts'
import type { Distribution, Measurement } from '../metrics/measurement.ts'
import type { Deployment } from '../model/index.ts'
import { gpusOf, gpusOfRole } from '../model/index.ts'

/** A key figure of a measurement: what it is called everywhere, its unit, and which way is better. */
export interface Figure {
  /** Column name in points.csv; carries the unit. */
  readonly name: string
  /** As a person reads it. */
  readonly title: string
  readonly unit: 'ms' | 'tokens/s' | 'requests/s' | 'tokens/s/user' | 'tokens/s/GPU'
  readonly better: 'lower' | 'higher'
  /** Null where the measurement cannot say: not streamed, no SLO, no such workers. */
  readonly of: (measurement: Measurement, deployment: Deployment) => number | null
}

type Percentile = 'mean' | 'p50' | 'p95' | 'p99'
const percentiles: readonly Percentile[] = ['mean', 'p50', 'p95', 'p99']

function times(name: string, title: string, of: (m: Measurement) => Distribution | null): Figure[] {
  return percentiles.map(percentile => ({
    name: `${name}_${percentile}_ms`,
    title: `${title} ${percentile}`,
    unit: 'ms',
    better: 'lower',
    of: measurement => of(measurement)?.[percentile] ?? null,
  }))
}

/** A rate divided by GPUs; null without a rate, and rather than infinite where there are no GPUs. */
function per(rate: number | null, gpus: number): number | null {
  return rate !== null && gpus > 0 ? rate / gpus : null
}

/**
 * Every key figure, in the order of points.csv. Per-GPU throughput counts all GPUs of the deployment, prefill's included;
 * the two role figures say how busy each pool is on its own.
 */
export const figures: readonly Figure[] = [
  ...times('ttft', 'TTFT', m => m.ttftMs),
  ...times('itl', 'ITL', m => m.itlMs),
  ...times('request_latency', 'Request latency', m => m.requestLatencyMs),
  {
    name: 'request_throughput',
    title: 'Request throughput',
    unit: 'requests/s',
    better: 'higher',
    of: m => ratesOf(m).requestsPerS,
  },
  {
    name: 'output_tokens_per_s',
    title: 'Output token throughput',
    unit: 'tokens/s',
    better: 'higher',
    of: m => ratesOf(m).outputTokensPerS,
  },
  {
    name: 'output_tokens_per_s_per_user',
    title: 'Output tokens/s per user',
    unit: 'tokens/s/user',
    better: 'higher',
    of: interactivityOf,
  },
  {
    name: 'output_tokens_per_s_per_gpu',
    title: 'Output tokens/s per GPU',
    unit: 'tokens/s/GPU',
    better: 'higher',
    of: (m, deployment) => per(ratesOf(m).outputTokensPerS, gpusOf(deployment)),
  },
  {
    name: 'input_tokens_per_s_per_prefill_gpu',
    title: 'Input tokens/s per prefill GPU',
    unit: 'tokens/s/GPU',
    better: 'higher',
    of: (m, deployment) => per(ratesOf(m).inputTokensPerS, gpusOfRole(deployment, 'prefill')),
  },
  {
    name: 'output_tokens_per_s_per_decode_gpu',
    title: 'Output tokens/s per decode GPU',
    unit: 'tokens/s/GPU',
    better: 'higher',
    of: (m, deployment) => per(ratesOf(m).outputTokensPerS, gpusOfRole(deployment, 'decode')),
  },
  { name: 'goodput', title: 'Goodput', unit: 'requests/s', better: 'higher', of: m => m.goodputPerS },
]

/** The frontier's axes, by figure name. */
export const interactivity = 'output_tokens_per_s_per_user'
export const perGpuThroughput = 'output_tokens_per_s_per_gpu'
