import type { Endpoint, Point } from '../../src/model/index.ts'
import { defaultLimits } from '../../src/model/index.ts'
import type { Cell } from './cell.ts'
import { isl } from './cell.ts'

const model = { name: 'mock', tokenizer: 'builtin:deepseek-v3' }

/** A cell as a point. */
export function pointOf(cell: Cell, generator: string): Point {
  return {
    id: 'bench',
    deployment: {
      id: 'bench',
      topology: { kind: 'aggregated', workers: 1 },
      model,
      engine: {},
      gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 },
    },
    workload: { name: cell.name, isl: { kind: 'fixed', tokens: isl }, osl: { kind: 'fixed', tokens: cell.tokens } },
    load: {
      level: { kind: 'concurrency', concurrency: cell.concurrency },
      api: 'chat',
      streaming: true,
      requests: cell.requests,
      graceS: 30,
      warmup: 0,
      dataset: Math.min(cell.requests, 1000),
      seed: 1,
      timeoutMs: 60_000,
      extra: {},
    },
    generator,
    slo: {},
    limits: defaultLimits,
    repeat: 1,
  }
}

export function endpointOf(url: string): Endpoint {
  return { url, model: model.name, dialect: 'dynamo-1', metricsUrls: {} }
}
