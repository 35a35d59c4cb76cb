import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createEngine } from '../../src/simulator/engine.ts'
import { engineRequest } from '../../src/simulator/request.ts'
import { profile } from './profile-under-test.ts'

const tokensPerId = 64
/** Prompts that begin like others: a family's ids, then some of their own, and a part of a block. */
const drawn = fc.record({
  family: fc.nat(2),
  common: fc.nat(6),
  own: fc.nat(6),
  odd: fc.integer({ min: 1, max: 63 }),
  osl: fc.integer({ min: 1, max: 20 }),
  gapMs: fc.nat(100),
  cancelled: fc.boolean(),
})

function engineOf(maxTokens: number) {
  const engine = createEngine({ profile })
  const settings = { max_batch_size: 4, kv_cache_config: { max_tokens: maxTokens, free_gpu_memory_fraction: 1 } }
  engine.addWorker('aggregated', settings, 0)
  return engine
}

function requestsOf(cases: readonly (typeof drawn extends fc.Arbitrary<infer T> ? T : never)[]) {
  let arrivedMs = 0
  return cases.map(({ family, common, own, odd, osl, gapMs }, index) => {
    arrivedMs += gapMs
    const ids = [
      ...Array.from({ length: common }, (_, block) => family * 100 + block),
      ...Array.from({ length: own }, (_, block) => 10_000 + index * 100 + block),
    ]
    const promptTokens = ids.length * tokensPerId + odd
    const shared = ids.length === 0 ? null : { ids, tokensPerId }
    return engineRequest({ promptTokens, outputTokens: osl, arrivedMs, shared })
  })
}

describe('a worker with a prefix cache', () => {
  test('never holds more blocks than it has, gives all back, and computes at least the last block of each prompt', () => {
    fc.assert(
      fc.property(
        fc.array(drawn, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 900, max: 4000 }),
        (cases, room) => {
          const engine = engineOf(room)
          const requests = requestsOf(cases)
          const look = () => {
            for (const { load } of engine.workers())
              assert.ok(load.kvBlocksUsed >= 0 && load.kvBlocksUsed <= load.kvBlocks, `${load.kvBlocksUsed}`)
          }
          for (const [index, request] of requests.entries()) {
            engine.advanceTo(request.arrivedMs)
            assert.equal(engine.submit(request), null)
            const before = requests[index - 1]
            if (cases[index]?.cancelled && before !== undefined && Number.isNaN(before.finishedMs))
              engine.cancel(before)
            look()
          }
          for (let due = engine.nextEventMs(); due < Number.POSITIVE_INFINITY; due = engine.nextEventMs()) {
            engine.advanceTo(due)
            look()
          }
          for (const { load } of engine.workers())
            assert.deepEqual([load.kvBlocksUsed, load.running, load.waiting], [0, 0, 0])
          for (const request of requests) assert.ok(request.reusedTokens < request.promptTokens)
        },
      ),
    )
  })

  test('reuses the part that a prompt has in common with the one before, in whole blocks', () => {
    const engine = engineOf(100_000)
    const prompt = (ids: readonly number[], arrivedMs: number) =>
      engineRequest({
        promptTokens: ids.length * tokensPerId,
        outputTokens: 1,
        arrivedMs,
        shared: { ids, tokensPerId },
      })
    const requests = [prompt([1, 2, 3, 4], 0), prompt([1, 2, 9, 4], 1000), prompt([1, 2, 3, 4], 2000)]
    for (const request of requests) {
      engine.advanceTo(request.arrivedMs)
      engine.submit(request)
    }
    engine.advanceTo(10_000)
    // The last one is there whole; its last block of 32 tokens is computed all the same, for the first token.
    assert.deepEqual(
      requests.map(request => request.reusedTokens),
      [0, 128, 224],
    )
  })
})
