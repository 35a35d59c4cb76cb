import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leastCapabilities, shortfallsOf } from '../../../src/generators/capabilities.ts'
import { crosscheck } from '../../../src/generators/crosscheck/crosscheck.ts'
import type { LoadGenerator } from '../../../src/generators/generator.ts'
import { generatorOf as shippedOf } from '../../../src/generators/index.ts'
import { FulcrumError } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from './program-point.ts'

const auto = { requests: 1600, auto: { min: 160, precision: 0.05 } }

for (const generator of ['genai-perf', 'aiperf'] as const) {
  test(`${generator} refuses requests: auto and names what it takes`, () => {
    const can = shippedOf(generator)?.capabilities ?? leastCapabilities
    const [shortfall, ...more] = shortfallsOf(generator, can, programPoint(generator, auto))
    assert.equal(shortfall?.wrong, `the generator ${generator} does not support requests: auto`)
    assert.match(shortfall?.right ?? '', /requests: 10x/)
    assert.deepEqual(more, [])
    assert.deepEqual(shortfallsOf(generator, can, programPoint(generator, { requests: 1600 })), [])
  })
}

test('a cross-check gives every generator the fewest requests of a point that stops by itself', async () => {
  const asked: unknown[] = []
  const generatorOf = (name: string): { name: string; generator: LoadGenerator } => ({
    name,
    generator: {
      measure: async ({ load }) => {
        asked.push([name, load.requests, load.auto])
        throw new FulcrumError('failed', 'x', 'not in this test')
      },
      close: async () => {},
    },
  })
  const result = crosscheck({
    point: programPoint('built-in', auto),
    endpoint: endpointAt('http://127.0.0.1:1'),
    generators: [generatorOf('built-in'), generatorOf('aiperf')],
    rounds: 1,
    signal: new AbortController().signal,
    folder: '/nowhere',
  })
  await result.catch(() => {})
  assert.deepEqual(asked, [
    ['built-in', 160, undefined],
    ['aiperf', 160, undefined],
  ])
})

for (const generator of ['genai-perf', 'aiperf', 'vllm-bench', 'guidellm'] as const) {
  test(`${generator} refuses warmup: auto and names what it takes`, () => {
    const can = shippedOf(generator)?.capabilities ?? leastCapabilities
    const point = programPoint(generator, { requests: 160, autoWarmup: { max: 480 } })
    const [shortfall] = shortfallsOf(generator, can, point)
    assert.equal(shortfall?.wrong, `the generator ${generator} does not support warmup: auto`)
    assert.match(shortfall?.right ?? '', /warmup: 2x/)
  })
}
