import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { inRepository } from './dynamo-sweep.ts'

/**
 * Four workers with a cache each, and 15 prefixes taken in turn, one request at a time. Round-robin gives each worker
 * every prefix, and each of the 60 pairs is new once: of the 120 measured requests, 45 find nothing. KV routing sends a
 * prefix to where it is: all but the warm-up find theirs.
 */
const sweep = (mode: string) =>
  inRepository(`
name: prefix-cache
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
  python: REPOSITORY/.systems/dynamo-1.6/bin/python
  backend: dynamo.mocker
  args: { model-path: nvidia/DeepSeek-R1-FP4, engine-type: vllm, speedup-ratio: 50 }
  frontend_args: { router-mode: ${mode} }
  env: { HF_HOME: REPOSITORY/.systems/hf, HF_HUB_OFFLINE: 1 }
topologies: [agg x4]
workloads: [{ isl: 2048, osl: 8, prefix: { share: 0.75, count: 15 } }]
load: { concurrency: 1, requests: 120, warmup: 15 }
`)

describe('the prefix cache of a real Dynamo 1.6.1', () => {
  for (const [mode, hits] of [
    ['round-robin', 75],
    ['kv', 120],
  ] as const) {
    test(`with ${mode} routing, is measured as ${hits} of 120 prefixes found`, async () => {
      await using place = await workplace(sweep(mode))
      process.env.FULCRUM_STATE_DIR = place.state
      const outcome = await runSweepFile({
        file: place.sweepFile,
        resultsRoot: `${place.folder}/results`,
        startNew: true,
        signal: AbortSignal.timeout(120_000),
      })
      const [result] = (await readRun(outcome.folder)).results
      const { promptCache: cache, possibleCachedShare } = result?.measurement ?? {}
      assert.equal(possibleCachedShare, 0.75)
      assert.equal(cache?.answers, 120)
      const share = cache.cachedTokens / cache.promptTokens
      // KV routing may once prefer an idle worker; a block of the prefix is 64 tokens of 1,536.
      assert.ok(Math.abs(share - (0.75 * hits) / 120) < 0.02, `${share}`)
    })
  }
})
