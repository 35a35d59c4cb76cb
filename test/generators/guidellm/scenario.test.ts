import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { guideLlmGenerator } from '../../../src/generators/guidellm/index.ts'
import { scenarioOf } from '../../../src/generators/guidellm/scenario.ts'
import { requestsToSend } from '../../../src/generators/programs/requests-to-send.ts'
import type { Load } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

const places = { prompts: '/p.jsonl', tokenizer: '/t', report: '/r.json' }
const specOf = (load: Partial<Load> = {}, dialect: Parameters<typeof endpointAt>[1] = 'dynamo-1') =>
  (
    scenarioOf(programPoint('guidellm', load), endpointAt('http://h:1/llm/', dialect), places) as {
      readonly spec: { readonly [key: string]: { readonly [key: string]: unknown } }
    }
  ).spec

describe('the scenario of GuideLLM', () => {
  test('holds a concurrency with its warm-up in front, and with requests behind that keep the load up', () => {
    const { profile, constraints, backend } = specOf()
    assert.deepEqual(profile, { kind: 'concurrent', streams: [2] })
    assert.deepEqual(constraints, [{ kind: 'max_requests', count: 4 + 20 + 2 }])
    const { target, request_format, extras } = backend ?? {}
    assert.deepEqual([target, request_format], ['http://h:1/llm', '/v1/chat/completions'])
    assert.deepEqual(extras, { body: { min_tokens: 8 } })
  })

  test('sends at a rate, evenly or as Poisson does, and nothing behind the last request', () => {
    const level = { kind: 'rate', requestsPerS: 5, maxConcurrency: 9 } as const
    const even = specOf({ level: { ...level, arrivals: { kind: 'constant' } }, api: 'completions' })
    assert.deepEqual(even.profile, { kind: 'constant', rate: [5], max_concurrency: 9 })
    assert.deepEqual(even.constraints, [{ kind: 'max_requests', count: 24 }])
    assert.deepEqual(specOf({ level: { ...level, arrivals: { kind: 'poisson' } } }).profile, {
      kind: 'poisson',
      rate: [5],
      max_concurrency: 9,
    })
  })

  test('sends no more than what is measured of a whole run', () => {
    assert.equal(requestsToSend(programPoint('guidellm', { window: 'whole', warmup: 0 }).load), 20)
  })

  test('is refused for servers that do not take what GuideLLM always sends', () => {
    for (const dialect of ['openai', 'dynamo-0.3'] as const)
      assert.throws(() => specOf({}, dialect), { code: 'generator-cannot', kind: 'bad-input' })
  })

  test('what it has no setting for is refused before anything starts', () => {
    const shortfallsOf = (load: Partial<Load>) =>
      guideLlmGenerator
        .of({ command: undefined, args: [] })
        .shortfalls(programPoint('guidellm', load))
        .map(({ key }) => key)
    assert.deepEqual(shortfallsOf({}), [])
    assert.deepEqual(shortfallsOf({ streaming: false }), ['streaming'])
    assert.deepEqual(shortfallsOf({ window: 'whole' }), ['warmup'])
    const gamma = { kind: 'rate', requestsPerS: 1, arrivals: { kind: 'gamma', burstiness: 2 } } as const
    assert.deepEqual(shortfallsOf({ level: gamma }), ['arrivals'])
  })
})
