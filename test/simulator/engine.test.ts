import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { EngineSettings, Topology } from '../../src/model/index.ts'
import { rolesOf, workersOf } from '../../src/model/index.ts'
import { costModel } from '../../src/simulator/cost.ts'
import type { Engine } from '../../src/simulator/engine.ts'
import { createEngine } from '../../src/simulator/engine.ts'
import { followedVersions } from '../../src/simulator/followed-version.ts'
import type { EngineRequest } from '../../src/simulator/request.ts'
import { engineRequest } from '../../src/simulator/request.ts'
import { workerSettings } from '../../src/simulator/settings.ts'
import { profile } from './profile-under-test.ts'

const cost = costModel(profile, workerSettings('decode', {}, profile))

interface Case {
  readonly topology: Topology
  readonly settings: EngineSettings
  readonly requests: readonly { readonly isl: number; readonly osl: number; readonly gapMs: number }[]
}

const topologies: fc.Arbitrary<Topology> = fc.oneof(
  fc.record({ kind: fc.constant('aggregated' as const), workers: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant('disaggregated' as const),
    prefill: fc.integer({ min: 1, max: 3 }),
    decode: fc.integer({ min: 1, max: 3 }),
  }),
)
/** Limits so tight that requests queue for batch places, for tokens and for KV blocks. */
const cases: fc.Arbitrary<Case> = fc.record({
  topology: topologies,
  settings: fc.record({
    max_batch_size: fc.integer({ min: 1, max: 8 }),
    max_num_tokens: fc.integer({ min: 1, max: 512 }),
    kv_cache_config: fc.record({ max_tokens: fc.integer({ min: 640, max: 3200 }) }),
  }),
  requests: fc.array(
    fc.record({
      isl: fc.integer({ min: 1, max: 500 }),
      osl: fc.integer({ min: 1, max: 60 }),
      gapMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 200, noNaN: true })),
    }),
    { minLength: 1, maxLength: 40 },
  ),
})

function engineOf(topology: Topology, settings: EngineSettings, streamTokens = false, dynamo = profile.dynamo): Engine {
  const engine = createEngine({ profile: { ...profile, dynamo }, streamTokens })
  for (const role of rolesOf(topology))
    for (let worker = 0; worker < workersOf(topology, role); worker++) engine.addWorker(role, settings, 0)
  return engine
}

/** Plays a case, one event at a time; `look` sees the engine after each. */
function play(engine: Engine, requests: readonly EngineRequest[], look: (nowMs: number) => void = () => {}): void {
  const runUntil = (limitMs: number) => {
    while (engine.nextEventMs() <= limitMs && engine.nextEventMs() < Number.POSITIVE_INFINITY) {
      const nowMs = engine.nextEventMs()
      engine.advanceTo(nowMs)
      look(nowMs)
    }
  }
  for (const request of requests) {
    runUntil(request.arrivedMs)
    assert.equal(engine.submit(request), null)
    look(request.arrivedMs)
  }
  runUntil(Number.POSITIVE_INFINITY)
}

function requestsOf(
  { requests }: Case,
  extra: (index: number) => Parameters<typeof engineRequest>[0] | object = () => ({}),
) {
  let arrivedMs = 0
  return requests.map(({ isl, osl, gapMs }, index) => {
    arrivedMs += gapMs
    return engineRequest({ promptTokens: isl, outputTokens: osl, arrivedMs, ...extra(index) })
  })
}

describe('whatever is asked of it, the engine', () => {
  test('gives every request exactly its tokens and ends it once, in order of time', () => {
    fc.assert(
      fc.property(cases, one => {
        const tokens = one.requests.map(() => [] as number[])
        const ends = one.requests.map(() => 0)
        const requests = requestsOf(one, index => ({
          onToken: (atMs: number) => tokens[index]?.push(atMs),
          onFinish: () => {
            ends[index] = (ends[index] ?? 0) + 1
          },
        }))
        play(engineOf(one.topology, one.settings, true), requests)
        for (const [index, request] of requests.entries()) {
          const times = tokens[index] ?? []
          assert.equal(times.length, request.outputTokens)
          assert.equal(ends[index], 1)
          assert.ok(times.every((time, at) => time >= (times[at - 1] ?? request.arrivedMs)))
          assert.deepEqual([times[0], times.at(-1)], [request.firstTokenMs, request.finishedMs])
        }
      }),
    )
  })

  test('never holds more KV blocks or sequences than its settings allow, and gives all back', () => {
    fc.assert(
      fc.property(cases, one => {
        const engine = engineOf(one.topology, one.settings)
        play(engine, requestsOf(one), () => {
          for (const { load } of engine.workers()) {
            assert.ok(load.kvBlocksUsed <= load.kvBlocks && load.kvBlocksUsed >= 0)
            assert.ok(load.running <= (one.settings.max_batch_size as number))
          }
        })
        for (const { load } of engine.workers())
          assert.deepEqual([load.kvBlocksUsed, load.running, load.waiting], [0, 0, 0])
      }),
    )
  })

  test('never leaves a worker idle while its queue has work', () => {
    fc.assert(
      fc.property(cases, one => {
        const engine = engineOf(one.topology, one.settings)
        play(engine, requestsOf(one), nowMs => {
          // What is due at this very moment may still come.
          if (engine.nextEventMs() <= nowMs) return
          for (const { load } of engine.workers()) assert.ok(load.waiting === 0 || load.running > 0)
        })
      }),
    )
  })

  test('does the same again for the same requests', () => {
    fc.assert(
      fc.property(cases, one => {
        const [first, second] = [requestsOf(one), requestsOf(one)]
        play(engineOf(one.topology, one.settings), first)
        play(engineOf(one.topology, one.settings), second)
        assert.deepEqual(
          first.map(request => [request.firstTokenMs, request.finishedMs]),
          second.map(request => [request.firstTokenMs, request.finishedMs]),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('loses nothing when all of a role is drained and replaced in the middle', () => {
    fc.assert(
      fc.property(cases, fc.nat(60), (one, after) => {
        const engine = engineOf(one.topology, one.settings)
        const before = engine.workers()
        let left = after
        let finished = 0
        let drained = 0
        const replaceAll = (nowMs: number) => {
          if (left-- !== 0) return
          for (const { id } of before) engine.drainWorker(id, () => drained++)
          for (const { role } of before) engine.addWorker(role, one.settings, nowMs)
        }
        play(
          engine,
          requestsOf(one, () => ({ onFinish: () => finished++ })),
          replaceAll,
        )
        assert.equal(finished, one.requests.length)
        if (left < 0) assert.equal(drained, before.length)
      }),
    )
  })

  test('gives back what cancelled requests held, and ends none of them', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.nat(39), { maxLength: 20 }), fc.nat(80), (one, picked, after) => {
        const engine = engineOf(one.topology, one.settings)
        const ended = new Set<EngineRequest>()
        const requests = requestsOf(one, () => ({ onFinish: (request: EngineRequest) => ended.add(request) }))
        const cancelled = new Set<EngineRequest>()
        let left = after
        play(engine, requests, nowMs => {
          if (left-- !== 0) return
          for (const request of picked.flatMap(index => requests[index] ?? [])) {
            if (request.arrivedMs >= nowMs || ended.has(request)) continue
            engine.cancel(request)
            cancelled.add(request)
          }
        })
        assert.equal(ended.size, requests.length - cancelled.size)
        assert.ok(cancelled.isDisjointFrom(ended))
        for (const { load } of engine.workers())
          assert.deepEqual([load.kvBlocksUsed, load.running, load.waiting], [0, 0, 0])
      }),
    )
  })
})

describe('one request alone', () => {
  const alone = (topology: Topology, isl: number, osl: number, dynamo = profile.dynamo) => {
    const request = engineRequest({ promptTokens: isl, outputTokens: osl, arrivedMs: 5 })
    play(engineOf(topology, {}, false, dynamo), [request])
    return request
  }
  const close = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-6, `${got} is not ${wanted}`)

  test('takes prefill, transfer and one decode step to its first token when disaggregated, in every version', () => {
    for (const [isl, dynamo] of [1, 1000, 8000].flatMap(isl => followedVersions.map(one => [isl, one] as const))) {
      const request = alone({ kind: 'disaggregated', prefill: 1, decode: 1 }, isl, 10, dynamo)
      const wanted = cost.prefillMs(isl) + (isl * 35136) / 64e6 + cost.decodeMs(1, isl)
      close(request.firstTokenMs - request.arrivedMs, wanted)
    }
  })
  test('takes prefill alone to its first token when aggregated', () => {
    const request = alone({ kind: 'aggregated', workers: 1 }, 1000, 2)
    close(request.firstTokenMs - request.arrivedMs, cost.prefillMs(1000))
    close(request.finishedMs - request.firstTokenMs, cost.decodeMs(1, 1001))
  })
  test('takes prefill and one decode step to its first token when aggregated, as in Dynamo 1.4.2', () => {
    const request = alone({ kind: 'aggregated', workers: 1 }, 1000, 10, '1.4.2')
    close(request.firstTokenMs - request.arrivedMs, cost.prefillMs(1000) + cost.decodeMs(1, 1000))
  })
  test('takes one decode step of its growing context for each further token', () => {
    const request = alone({ kind: 'disaggregated', prefill: 1, decode: 1 }, 1000, 4)
    const steps = [1001, 1002, 1003].map(context => cost.decodeMs(1, context))
    close(
      request.finishedMs - request.firstTokenMs,
      steps.reduce((sum, ms) => sum + ms, 0),
    )
  })
})

describe('an aggregated worker', () => {
  test('takes a decode step of the others in the pass that completes a prompt', () => {
    const others = [1000, 2000].map(promptTokens => engineRequest({ promptTokens, outputTokens: 99, arrivedMs: 0 }))
    const prompt = engineRequest({ promptTokens: 4000, outputTokens: 1, arrivedMs: 1 })
    const engine = engineOf({ kind: 'aggregated', workers: 1 }, {})
    for (const other of others) engine.submit(other)
    play(engine, [prompt])
    const passes = [cost.prefillMs(3000), cost.prefillMs(4000) + cost.decodeMs(2, 3002)] as const
    assert.ok(Math.abs(prompt.firstTokenMs - passes[0] - passes[1]) < 1e-6)
  })
  test('slows the sequences that decode while it computes a prompt', () => {
    const tokens: number[] = []
    const decoding = engineRequest({
      promptTokens: 100,
      outputTokens: 50,
      arrivedMs: 0,
      onToken: at => tokens.push(at),
    })
    const prompt = engineRequest({ promptTokens: 4000, outputTokens: 1, arrivedMs: 100 })
    play(engineOf({ kind: 'aggregated', workers: 1 }, {}, true), [decoding, prompt])
    const gaps = tokens.slice(1).map((at, index) => at - (tokens[index] ?? 0))
    assert.ok(Math.max(...gaps) > cost.prefillMs(4000))
    assert.ok(gaps.filter(gap => gap > 20).length === 1)
  })
  test('spreads that prompt over more passes when max_num_tokens is smaller', () => {
    const tokens: number[] = []
    const decoding = engineRequest({
      promptTokens: 100,
      outputTokens: 50,
      arrivedMs: 0,
      onToken: at => tokens.push(at),
    })
    const prompt = engineRequest({ promptTokens: 4000, outputTokens: 1, arrivedMs: 100 })
    play(engineOf({ kind: 'aggregated', workers: 1 }, { max_num_tokens: 1001 }, true), [decoding, prompt])
    const gaps = tokens.slice(1).map((at, index) => at - (tokens[index] ?? 0))
    assert.equal(gaps.filter(gap => gap > 20).length, 4)
  })
})

describe('a request that can never run', () => {
  const submit = (settings: EngineSettings) =>
    engineOf({ kind: 'disaggregated', prefill: 1, decode: 1 }, settings).submit(
      engineRequest({ promptTokens: 900, outputTokens: 200, arrivedMs: 0 }),
    )
  test('is refused for its length', () => assert.match(submit({ max_seq_len: 1000 })?.message ?? '', /max_seq_len/))
  test('is refused for want of KV cache', () =>
    assert.match(submit({ kv_cache_config: { max_tokens: 1000 } })?.message ?? '', /KV cache/))
  test('is refused for a prompt that no pass can hold', () =>
    assert.match(submit({ max_num_tokens: 800, enable_chunked_prefill: false })?.message ?? '', /max_num_tokens/))
  test('is refused when there is no worker for it', () =>
    assert.equal(
      createEngine({ profile }).submit(engineRequest({ promptTokens: 1, outputTokens: 1, arrivedMs: 0 }))?.kind,
      'unavailable',
    ))
})

test('a request told late to an idle worker still begins when it arrived', () => {
  const engine = engineOf({ kind: 'disaggregated', prefill: 1, decode: 1 }, {})
  engine.advanceTo(30)
  const request = engineRequest({ promptTokens: 1000, outputTokens: 1, arrivedMs: 10 })
  engine.submit(request)
  engine.advanceTo(30)
  assert.ok(Math.abs(engine.nextEventMs() - (10 + cost.prefillMs(1000))) < 1e-9)
})

test('requests of one moment go into one pass', () => {
  const engine = engineOf({ kind: 'aggregated', workers: 1 }, {})
  const both = [0, 1].map(() => engineRequest({ promptTokens: 1000, outputTokens: 1, arrivedMs: 10 }))
  for (const request of both) engine.submit(request)
  engine.advanceTo(1000)
  for (const request of both) assert.ok(Math.abs(request.firstTokenMs - (10 + cost.prefillMs(2000))) < 1e-9)
})
