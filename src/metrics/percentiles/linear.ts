import type { PercentileMethod } from './method.ts'

/**
 * Linear between ranks: type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", Am. Stat. 50(4), 1996.
 */
export const linear: PercentileMethod = {
  name: 'linear',
  usedBy: 'numpy.percentile and pandas by default, and so genai-perf, AIPerf and vllm bench serve; k6',
  rank: (share, count) => share * (count - 1),
}
