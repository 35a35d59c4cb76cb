import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { aggregated, syntheticRun } from '../render/synthetic-run.ts'

/** What is said of the cache of the best deployment. */
function saidOf(workers: number, cached: number | null, possible: number): readonly string[] {
  const run = syntheticRun({
    workloads: [[1000, 10]],
    topologies: [aggregated(workers)],
    concurrencies: [4],
    change: result => {
      const { measurement } = result
      if (measurement === null) return result
      const cache = {
        answers: 10,
        answersInAll: 10,
        cachedTokens: 100 * (cached ?? 0),
        promptTokens: 100,
        impossible: 0,
      }
      const promptCache = cached === null ? {} : { promptCache: cache }
      return { ...result, measurement: { ...measurement, possibleCachedShare: possible, ...promptCache } }
    },
  })
  const caveats = analyse(run).workloads[0]?.recommendation.caveats ?? []
  return caveats.filter(caveat => caveat.includes('prefix cache'))
}

test('a recommendation says what its prefix cache leaves, and how several workers could reuse more', () => {
  assert.deepEqual(saidOf(4, 0.22, 0.83), [
    'The prefix cache serves 22% of the prompt tokens, but could serve 83%. Routing by prefix (router mode kv) or fewer, larger workers could reuse more.',
  ])
  assert.deepEqual(saidOf(1, 0.22, 0.83), ['The prefix cache serves 22% of the prompt tokens, but could serve 83%.'])
})

test('says nothing where little is left, or where nobody says what was cached', () => {
  assert.deepEqual(saidOf(4, 0.8, 0.83), [])
  assert.deepEqual(saidOf(4, null, 0.83), [])
})
