import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { keyConfig } from '../../../src/generators/aiperf/key-config.ts'
import { programPoint } from '../programs/program-point.ts'

describe('AIPerf’s configuration for a bearer token', () => {
  const { load } = programPoint('aiperf')
  const phaseOf = (text: string) =>
    (parse(text) as { benchmark: { phases: readonly [Record<string, unknown>] } }).benchmark.phases[0]

  it('names the variable and nothing that it holds', () => {
    const config = parse(keyConfig('MY_TOKEN', load)) as { benchmark: { endpoint: object } }
    // biome-ignore lint/suspicious/noTemplateCurlyInString: AIPerf's own substitution
    assert.deepEqual(config.benchmark.endpoint, { api_key: '${MY_TOKEN}' })
  })

  it('has a phase of the load’s own kind, as arguments change its figures but take none away', () => {
    assert.deepEqual(phaseOf(keyConfig('K', load)), {
      name: 'profiling',
      type: 'concurrency',
      concurrency: 1,
      requests: 1,
    })
    const rate = { kind: 'rate', requestsPerS: 20, arrivals: { kind: 'gamma', burstiness: 2 } } as const
    const { requests: _, ...timed } = { ...load, level: rate, durationS: 5 }
    assert.deepEqual(phaseOf(keyConfig('K', timed)), { name: 'profiling', type: 'gamma', rate: 20, duration: 1 })
  })
})
