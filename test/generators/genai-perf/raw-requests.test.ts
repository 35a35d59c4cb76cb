import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type RawRequest, readRawRequests } from '../../../src/generators/genai-perf/raw-requests.ts'
import { fixture, fixtureText } from '../programs/fixture.ts'

async function collect(file: string): Promise<RawRequest[]> {
  return Array.fromAsync(readRawRequests(file))
}

describe('perf_analyzer’s record of requests', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-raw-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('is read request by request as JSON.parse reads the whole', async () => {
    const whole = JSON.parse(await fixtureText('genai-perf-ok.profile_export.json')) as {
      experiments: [{ requests: RawRequest[] }]
    }
    assert.deepEqual(await collect(fixture('genai-perf-ok.profile_export.json')), whole.experiments[0].requests)
  })

  it('may hold any text, brackets, quotes and backslashes included', async () => {
    const file = join(folder, 'any.json')
    const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true })
    const request = record({
      timestamp: fc.nat(),
      request_inputs: record({ payload: fc.string({ unit: 'binary' }) }),
      response_timestamps: fc.array(fc.nat()),
      response_outputs: fc.array(record({ response: fc.string({ unit: fc.constantFrom(...'[]{}"\\,:é😀') }) })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(request), fc.constantFrom(undefined, 1), async (requests, indent) => {
        const experiment = { mode: 'concurrency', value: 2 }
        const whole = { experiments: [{ experiment, requests, window_boundaries: [1, 2] }], version: '{' }
        await writeFile(file, JSON.stringify(whole, null, indent))
        assert.deepEqual(await collect(file), requests)
      }),
      { numRuns: 50 },
    )
  })

  it('is refused when it ends in the middle', async () => {
    const text = await fixtureText('genai-perf-ok.profile_export.json')
    const file = join(folder, 'torn.json')
    await writeFile(file, text.slice(0, text.length / 2))
    await assert.rejects(collect(file), { code: 'genai-perf-output-unreadable', message: /ends in the middle/ })
  })
})
