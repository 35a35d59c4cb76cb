import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatorRefusal } from '../../../src/generators/abilities.ts'
import { crosscheck } from '../../../src/generators/crosscheck/crosscheck.ts'
import type { LoadGenerator } from '../../../src/generators/generator.ts'
import { FulcrumError, type GeneratorName } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from './program-point.ts'

const auto = { requests: 1600, auto: { min: 160, precision: 0.05 } }

for (const generator of ['genai-perf', 'aiperf'] as const) {
  test(`${generator} refuses requests: auto and names what it takes`, () => {
    const refusal = generatorRefusal(programPoint(generator, auto))
    assert.match(refusal ?? '', new RegExp(`${generator} can't do requests: auto.*requests: 10x`))
    assert.equal(generatorRefusal(programPoint(generator, { requests: 1600 })), null)
  })
}

test('a cross-check gives every generator the fewest requests of a point that stops by itself', async () => {
  const asked: unknown[] = []
  const generatorOf = (name: GeneratorName): { name: GeneratorName; generator: LoadGenerator } => ({
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
