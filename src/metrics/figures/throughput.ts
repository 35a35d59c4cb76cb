import { gpusOf, gpusOfRole } from '../../model/index.ts'
import { interactivityOf, ratesOf } from '../definitions.ts'
import type { Figure } from './figure.ts'

/** Name of the figure on the frontier's x axis. */
export const interactivity = 'output_tokens_per_s_per_user'

/** Name of the figure on the frontier's y axis. */
export const perGpuThroughput = 'output_tokens_per_s_per_gpu'

/** A rate divided by GPUs; null without a rate, and null instead of infinite without GPUs. */
function per(rate: number | null, gpus: number): number | null {
  return rate !== null && gpus > 0 ? rate / gpus : null
}

/** For APIs that generate nothing and so have no output tokens to compare. */
export const embedded: Figure = {
  name: 'embedded_tokens_per_s_per_gpu',
  title: 'Embedded tokens/s per GPU',
  unit: 'tokens/s/GPU',
  better: 'higher',
  of: (m, deployment) =>
    m.totals.chunks === 0 && m.osl === null ? per(ratesOf(m).inputTokensPerS, gpusOf(deployment)) : null,
  shownIn: ['tables', 'comparison', 'history', 'axes'],
  ifObserved: true,
}

/**
 * Throughput per GPU counts all GPUs of the deployment, including those of prefill workers. Figures per role show how
 * busy each pool is.
 */
export const throughput: readonly Figure[] = [
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
    name: interactivity,
    title: 'Output tokens/s per user',
    short: 'Tokens/s per user',
    unit: 'tokens/s/user',
    better: 'higher',
    of: interactivityOf,
    shownIn: ['tables', 'comparison', 'history', 'axes'],
  },
  {
    name: perGpuThroughput,
    title: 'Output tokens/s per GPU',
    short: 'Tokens/s per GPU',
    unit: 'tokens/s/GPU',
    better: 'higher',
    of: (m, deployment) => per(ratesOf(m).outputTokensPerS, gpusOf(deployment)),
    shownIn: ['tables', 'comparison', 'history', 'axes'],
  },
  {
    name: 'input_tokens_per_s_per_prefill_gpu',
    title: 'Input tokens/s per prefill GPU',
    unit: 'tokens/s/GPU',
    better: 'higher',
    of: (m, deployment) => per(ratesOf(m).inputTokensPerS, gpusOfRole(deployment, 'prefill')),
    role: 'prefill',
  },
  {
    name: 'output_tokens_per_s_per_decode_gpu',
    title: 'Output tokens/s per decode GPU',
    unit: 'tokens/s/GPU',
    better: 'higher',
    of: (m, deployment) => per(ratesOf(m).outputTokensPerS, gpusOfRole(deployment, 'decode')),
    role: 'decode',
  },
]
