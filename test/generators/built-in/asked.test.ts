import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  askedLengths,
  datasetDeviation,
  possibleCachedShare,
  sentPrompts,
} from '../../../src/generators/built-in/asked.ts'
import type { Distribution } from '../../../src/metrics/measurement.ts'
import type { Load, Workload } from '../../../src/model/index.ts'

const load = (warmup: number, level: Load['level'] = { kind: 'concurrency', concurrency: 1 }): Load => ({
  level,
  api: 'chat',
  streaming: true,
  requests: 2,
  graceS: 30,
  warmup,
  dataset: 4,
  seed: 1,
  timeoutMs: 1000,
  extra: {},
})
const set = (turns = 1) => ({
  count: 4,
  turns,
  inputTokens: Uint32Array.of(10, 20, 30, 40),
  outputTokens: Uint32Array.of(1, 2, 3, 4),
})

describe('what was asked for', () => {
  test('is the lengths of the requests that were sent, not of the whole set', () => {
    assert.deepEqual(askedLengths(load(1), set(), 2), { isl: 25, osl: 2.5 })
  })

  test('goes round the set when more are sent than it holds', () => {
    assert.deepEqual(askedLengths(load(3), set(), 3), { isl: (40 + 10 + 20) / 3, osl: (4 + 1 + 2) / 3 })
  })

  test('begins with a whole conversation, and with the first request of a trace', () => {
    assert.equal(askedLengths(load(1), set(2), 1).isl, 30)
    assert.equal(askedLengths(load(1, { kind: 'trace', file: 't', speed: 1 }), set(), 1).isl, 10)
  })

  test('is unknown when nothing was sent', () => {
    assert.deepEqual(askedLengths(load(0), set(), 0), { isl: null, osl: null })
  })
})

describe('prompts that were sent', () => {
  test('are counted as a list of them would be, whichever are the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }),
        fc.nat({ max: 20 }),
        fc.nat({ max: 40 }),
        (contents, warmup, sent) => {
          const firstAlike = Uint32Array.from(contents, content => contents.indexOf(content))
          const { prompts } = sentPrompts(
            load(warmup),
            { count: contents.length, turns: 1, spare: 0, firstAlike },
            { measured: sent, warmup },
          )
          const all = Array.from({ length: warmup + sent }, (_, request) => contents[request % contents.length])
          const repeated = all.filter((content, request) => request >= warmup && all.indexOf(content) < request).length
          assert.deepEqual(prompts, { available: contents.length, distinct: new Set(all).size, repeated })
        },
      ),
    )
  })

  test('of a warm-up that goes on beyond its plan are spare ones, or those of the window', () => {
    const of = (spare: number) =>
      sentPrompts(load(2), { count: 10, turns: 1, spare }, { measured: 4, warmup: 5 }).prompts?.repeated
    assert.deepEqual([of(3), of(0)], [0, 3])
  })

  test('are not counted in conversations and traces', () => {
    const trace = { kind: 'trace', file: 't', speed: 1 } as const
    assert.deepEqual(sentPrompts(load(0), { count: 4, turns: 2, spare: 0 }, { measured: 4, warmup: 0 }), {})
    assert.deepEqual(sentPrompts(load(0, trace), { count: 4, turns: 1, spare: 0 }, { measured: 8, warmup: 0 }), {})
  })
})

test('a dataset deviates from what the workload says, and its requests from what they held', () => {
  const lengths = (mean: number) => ({ mean }) as Distribution
  const workload: Workload = { name: 'w', isl: { kind: 'fixed', tokens: 500 }, osl: { kind: 'fixed', tokens: 20 } }
  const measured = { isl: lengths(93), osl: lengths(20), deviation: { isl: 0, osl: 0 } }
  assert.deepEqual(datasetDeviation(workload, measured), { isl: -0.814, osl: 0, ofRequests: { isl: 0, osl: 0 } })
  const nothing = { isl: null, osl: null, deviation: { isl: null, osl: null } }
  assert.deepEqual(datasetDeviation(workload, nothing), { isl: null, osl: null, ofRequests: { isl: null, osl: null } })
})

describe('the share that a prefix cache could have had', () => {
  const workload = (prefix?: { share: number; count: number }): Workload => ({
    name: 'w',
    isl: { kind: 'fixed', tokens: 100 },
    osl: { kind: 'fixed', tokens: 1 },
    ...(prefix === undefined ? {} : { prefix }),
  })
  const requests = (count: number, alike?: readonly number[]) => ({
    count,
    turns: 1,
    spare: 0,
    firstAlike: Uint32Array.from(alike ?? Array.from({ length: count }, (_, i) => i)),
  })
  const possible = (prefix: { share: number; count: number } | undefined, warmup: number, measured: number) =>
    possibleCachedShare({ load: load(warmup), workload: workload(prefix) }, requests(100), { measured, warmup })
      .possibleCachedShare

  test('is that of the prefix once each prefix was sent', () => {
    assert.equal(possible({ share: 0.75, count: 15 }, 15, 60), 0.75)
  })

  test('is less while prefixes are new', () => {
    assert.equal(possible({ share: 0.5, count: 10 }, 0, 20), 0.25)
    assert.equal(possible({ share: 0.5, count: 40 }, 0, 20), 0)
  })

  test('is nothing for prompts that share nothing, and all for prompts that were sent before', () => {
    assert.equal(possible(undefined, 0, 20), 0)
    const repeats = possibleCachedShare({ load: load(1), workload: workload() }, requests(4, [0, 0, 0, 0]), {
      measured: 3,
      warmup: 1,
    })
    assert.equal(repeats.possibleCachedShare, 1)
  })

  test('is not known in conversations, and when nothing was sent', () => {
    const turns = { ...requests(8), turns: 2 }
    assert.deepEqual(
      possibleCachedShare({ load: load(0), workload: workload() }, turns, { measured: 4, warmup: 0 }),
      {},
    )
    assert.equal(possible({ share: 0.5, count: 1 }, 0, 0), undefined)
  })
})
