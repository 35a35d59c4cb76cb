import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BuiltInOptions } from '../../../src/generators/built-in/built-in.ts'
import { builtIn } from '../../../src/generators/built-in/built-in.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import type { Endpoint, Load, ModelShare, Point, Slo, Workload } from '../../../src/model/index.ts'
import { defaultLimits } from '../../../src/model/index.ts'

const tokens = 4

const baseLoad: Load = {
  level: { kind: 'concurrency', concurrency: 2 },
  api: 'chat',
  streaming: true,
  requests: 6,
  graceS: 5,
  warmup: 0,
  dataset: 4,
  seed: 1,
  timeoutMs: 5000,
  extra: {},
}

const baseWorkload: Workload = {
  name: '32/4',
  isl: { kind: 'fixed', tokens: 32 },
  osl: { kind: 'fixed', tokens },
}

export interface PointChanges {
  readonly load?: Partial<Load> | { readonly requests: undefined; readonly durationS: number }
  readonly workload?: Partial<Workload>
  readonly slo?: Slo
  readonly mix?: readonly ModelShare[]
}

/** A small point of the built-in generator. */
export function pointOf(changes: PointChanges = {}): Point {
  const { requests, ...load } = { ...baseLoad, ...changes.load }
  return {
    id: 'p',
    deployment: {
      id: 'd',
      topology: { kind: 'aggregated', workers: 1 },
      model: { name: 'mock', tokenizer: 'builtin:deepseek-v3', ...(changes.mix && { mix: changes.mix }) },
      engine: {},
      gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 },
    },
    workload: { ...baseWorkload, ...changes.workload },
    load: requests === undefined ? load : { ...load, requests },
    generator: 'built-in',
    slo: changes.slo ?? {},
    limits: defaultLimits,
    repeat: 1,
  }
}

export function endpointOf(url: string, more: Partial<Endpoint> = {}): Endpoint {
  return { url, model: 'mock', dialect: 'dynamo-1', metricsUrls: {}, ...more }
}

export interface MeasureSetting extends PointChanges, Omit<BuiltInOptions, 'cacheFolder'> {
  readonly endpoint?: Partial<Endpoint>
  readonly signal?: AbortSignal
  /** `<run>/points/<id>`; a fresh one when absent. */
  readonly folder?: string
}

/** Measures once with a generator of its own. */
export async function measureAt(url: string, setting: MeasureSetting = {}): Promise<Measurement> {
  const { endpoint, signal, folder, load, workload, slo, mix, ...options } = setting
  const generator = builtIn({ cacheFolder: join(tmpdir(), 'fulcrum-test-lexicons'), threads: 1, ...options })
  try {
    return await generator.measure(
      pointOf({ ...(load && { load }), ...(workload && { workload }), ...(slo && { slo }), ...(mix && { mix }) }),
      endpointOf(url, endpoint),
      {
        signal: signal ?? new AbortController().signal,
        folder: folder ?? join(await mkdtemp(join(tmpdir(), 'fulcrum-load-')), 'points', 'p'),
        onProgress: () => {},
      },
    )
  } finally {
    await generator.close()
  }
}
