import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configOf } from '../../../src/generators/inference-perf/config.ts'
import { inferencePerfGenerator } from '../../../src/generators/inference-perf/index.ts'
import type { Load } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

const places = { prompts: '/p.json', schedule: '/s.csv', tokenizer: '/t', reports: '/r' }
const pointOf = (load: Partial<Load> = {}) => programPoint('inference-perf', { api: 'completions', ...load })
const configured = (load: Partial<Load> = {}, dialect: Parameters<typeof endpointAt>[1] = 'dynamo-1', cores = 8) =>
  configOf(pointOf(load), endpointAt('http://h:1/llm/', dialect), places, cores) as {
    readonly [section: string]: { readonly [key: string]: unknown }
  }

describe('the configuration of inference-perf', () => {
  test('holds a concurrency with its warm-up in front, and with requests behind that keep the load up', () => {
    const { load, server, api } = configured()
    assert.deepEqual(load, {
      type: 'concurrent',
      stages: [{ num_requests: 4 + 20 + 2, concurrency_level: 2 }],
      num_workers: 2,
      request_timeout: 5,
      base_seed: 100,
    })
    assert.deepEqual([server?.base_url, server?.ignore_eos, api?.streaming], ['http://h:1/llm', true, true])
  })

  test('has no more workers than slots or cores', () => {
    const level = { kind: 'concurrency', concurrency: 64 } as const
    assert.deepEqual(
      [1, 8, 100].map(cores => configured({ level }, 'dynamo-1', cores).load?.num_workers),
      [1, 8, 64],
    )
  })

  test('sends an open loop at the times of a file, all at once if late', () => {
    const level = { kind: 'rate', requestsPerS: 5, arrivals: { kind: 'constant' } } as const
    const { load } = configured({ level })
    assert.deepEqual(load?.trace, { file: '/s.csv', format: 'AzurePublicDataset' })
    assert.deepEqual(
      [load?.type, load?.stages, load?.worker_max_concurrency],
      ['trace_replay', [{ rate: 24, duration: 1 }], 24],
    )
    assert.equal(load?.num_workers, undefined)
    const limited = configured({ level: { ...level, maxConcurrency: 9 } }).load
    assert.deepEqual([limited?.worker_max_concurrency, limited?.num_workers], [9, 1])
  })

  test('is refused for servers that do not take what inference-perf always sends', () => {
    for (const dialect of ['openai', 'dynamo-0.3'] as const)
      assert.throws(() => configured({}, dialect), { code: 'generator-cannot', kind: 'bad-input' })
  })

  test('what it has no setting for is refused before anything starts', () => {
    const shortfallsOf = (load: Partial<Load>) =>
      inferencePerfGenerator
        .of({ command: undefined, args: [] })
        .shortfalls(pointOf(load))
        .map(({ key }) => key)
    assert.deepEqual(shortfallsOf({}), [])
    assert.deepEqual(shortfallsOf({ api: 'chat' }), ['api'])
    assert.deepEqual(shortfallsOf({ streaming: false }), ['streaming'])
    assert.deepEqual(shortfallsOf({ window: 'whole' }), ['warmup'])
    assert.deepEqual(shortfallsOf({ extra: { top_k: 1 } }), ['extra'])
  })
})
