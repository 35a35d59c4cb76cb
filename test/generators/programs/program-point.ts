import { defaultLimits, type Endpoint, type Load, type Point } from '../../../src/model/index.ts'

/** A small point for a load generator program: 128 tokens in, 8 out, 20 requests over 2 slots. */
export function programPoint(generator: string, load: Partial<Load> = {}): Point {
  const model = { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' }
  return {
    id: `test-${generator}`,
    deployment: {
      id: 'test',
      topology: { kind: 'disaggregated', prefill: 1, decode: 1 },
      model,
      engine: {},
      gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
    },
    workload: { name: '128/8', isl: { kind: 'fixed', tokens: 128 }, osl: { kind: 'fixed', tokens: 8 } },
    load: {
      level: { kind: 'concurrency', concurrency: 2 },
      api: 'chat',
      streaming: true,
      requests: 20,
      graceS: 5,
      warmup: 4,
      dataset: 24,
      seed: 100,
      timeoutMs: 5000,
      extra: {},
      ...load,
    },
    generator,
    slo: {},
    limits: defaultLimits,
    repeat: 1,
  }
}

export function endpointAt(url: string, dialect: Endpoint['dialect'] = 'dynamo-1'): Endpoint {
  return { url, model: 'nvidia/DeepSeek-R1-FP4', dialect, metricsUrls: {} }
}
