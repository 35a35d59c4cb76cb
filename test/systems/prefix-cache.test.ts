import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { figures } from '../../src/metrics/figures/index.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { dynamoVersions } from './dynamo-deployment.ts'
import { mockers } from './dynamo-sweep.ts'

const [older, newer] = dynamoVersions

/**
 * Four workers with a cache each, and 15 prefixes taken in turn, one request at a time. Round-robin gives each worker
 * every prefix, and each of the 60 pairs is new once: of the 120 measured requests, 45 find nothing. KV routing sends a
 * prefix to where it is: all but the warm-up find theirs.
 */
const sweep = (mode: string, { python }: { readonly python: string } = newer, requests = 120, topology = 'agg x4') => `
name: prefix-cache
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
${mockers({ python, args: 'engine-type: vllm, speedup-ratio: 50' })}
  frontend_args: { router-mode: ${mode} }
topologies: [${topology}]
workloads: [{ isl: 2048, osl: 8, prefix: { share: 0.75, count: 15 } }]
load: { concurrency: 1, requests: ${requests}, warmup: 15 }
`

describe('the prefix cache of a real Dynamo 1.6.1', () => {
  for (const [mode, hits] of [
    ['round-robin', 75],
    ['kv', 120],
  ] as const) {
    test(`with ${mode} routing, is measured as ${hits} of 120 prefixes found`, async () => {
      const { promptCache: cache, possibleCachedShare, serverCache } = await measurementOf(sweep(mode))
      assert.equal(possibleCachedShare, 0.75)
      assert.equal(cache?.answers, 120)
      const share = cache.cachedTokens / cache.promptTokens
      // KV routing may once prefer an idle worker; a block of the prefix is 64 tokens of 1,536.
      assert.ok(Math.abs(share - (0.75 * hits) / 120) < 0.02, `${share}`)
      if (mode === 'round-robin') return
      // The pages of frontend and router say the same, of the requests between the scrapes.
      for (const tokens of [serverCache?.frontend, serverCache?.router]) {
        const found = (tokens?.cachedTokens ?? Number.NaN) / (tokens?.promptTokens ?? Number.NaN)
        assert.ok(Math.abs(found - 0.75) < 0.05, `${found}`)
      }
    })
  }
})

describe('the prefix cache of disaggregated mockers of Dynamo 1.6.1, whose answers speak for the decode worker', () => {
  test('is not told with round-robin routing', async () => {
    // The one prefill worker finds every prefix, each of the two decode workers all that it has had before.
    const { promptCache, share } = await shareOf(sweep('round-robin', newer, 120, '1P2D'))
    assert.ok(Math.abs((promptCache?.cachedTokens ?? 0) / (promptCache?.promptTokens ?? 1) - (0.75 * 105) / 120) < 0.02)
    assert.equal(share, null)
  })

  test('is what the router of the prefill workers says with kv routing', async () => {
    const { share } = await shareOf(sweep('kv', newer, 120, '2P2D'))
    assert.ok(Math.abs((share ?? Number.NaN) - 0.75) < 0.05, `${share}`)
  })
})

test('Dynamo 1.4.2, whose answers say nothing of the cache, is read from the router’s page', async () => {
  const measurement = await measurementOf(sweep('kv', older, 60))
  assert.equal(measurement.promptCache, undefined)
  assert.ok(Math.abs((measurement.serverCache?.routerHitRate ?? Number.NaN) - 0.75) < 0.05)
})

async function shareOf(text: string) {
  const { measurement, point } = await resultOf(text)
  const figure = figures.find(({ name }) => name === 'cached_prompt_tokens_share')
  return { promptCache: measurement.promptCache, share: figure?.of(measurement, point.deployment) }
}

const measurementOf = async (text: string): Promise<Measurement> => (await resultOf(text)).measurement

async function resultOf(text: string) {
  await using place = await workplace(text)
  process.env.FULCRUM_STATE_DIR = place.state
  const outcome = await runSweepFile({
    file: place.sweepFile,
    resultsRoot: `${place.folder}/results`,
    startNew: true,
    signal: AbortSignal.timeout(120_000),
  })
  const [result] = (await readRun(outcome.folder)).results
  if (result === undefined || result.measurement === null) assert.fail('nothing was measured')
  return { measurement: result.measurement, point: result.point }
}
