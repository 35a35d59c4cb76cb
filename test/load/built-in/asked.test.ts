import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { askedLengths } from '../../../src/load/built-in/asked.ts'
import type { Load } from '../../../src/point/index.ts'

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
