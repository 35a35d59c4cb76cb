// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { possibleShareOf } from '../../../src/generators/built-in/possible-cache.ts'
import { createRecords, phaseCode, type RequestPhase } from '../../../src/metrics/records.ts'

type Sent = readonly [index: number, phase?: RequestPhase]

/** What threads saw who sent these requests, one a ms. */
function resultsOf(...threads: readonly (readonly Sent[])[]) {
  let at = 0
  return threads.map(sent => {
    const records = createRecords(sent.length)
    for (const [row, [, phase = 'measured']] of sent.entries()) {
      records.scheduledMs[row] = at++
      records.phase[row] = phaseCode(phase)
    }
    return { records, indexes: Uint32Array.from(sent, ([index]) => index) }
  })
}

/** Conversations of three turns: 100 tokens, then 100 more each time with 20 of the answer. */
const conversations = {
  requests: {
    turns: 3,
    inputTokens: Uint32Array.of(100, 220, 340, 100, 220, 340),
    outputTokens: Uint32Array.of(20, 20, 20, 20, 20, 20),
  },
  workload: {},
  trace: null,
}

describe('what a prefix cache could have had', () => {
  test('of a later turn is all that was said before it', () => {
    const { possibleCachedShare } = possibleShareOf(resultsOf([[0], [1], [2]]), conversations)
    assert.equal(possibleCachedShare, (120 + 240) / (100 + 220 + 340))
  })

  test('of a first turn is its shared prefix once that was sent, in the warm-up too', () => {
    const context = { ...conversations, workload: { prefix: { share: 0.5, count: 1 } } }
    assert.equal(possibleShareOf(resultsOf([[0], [3]]), context).possibleCachedShare, 50 / 200)
    assert.equal(possibleShareOf(resultsOf([[0, 'warm-up'], [3]]), context).possibleCachedShare, 0.5)
  })

  test('of a conversation that is had again is its first prompt, too', () => {
    assert.equal(possibleShareOf(resultsOf([[0], [0]]), conversations).possibleCachedShare, 0.5)
  })

  test('of a trace are the blocks that were sent before, by whichever thread', () => {
    const trace = {
      inputTokens: Uint32Array.of(1024, 1024, 1024),
      hashIds: [
        [1, 2],
        [1, 3],
        [4, 5],
      ],
    }
    const context = { ...conversations, requests: { ...conversations.requests, turns: 1 }, trace }
    assert.equal(possibleShareOf(resultsOf([[0], [2]], [[1]]), context).possibleCachedShare, 512 / 3072)
    // A request that was not sent leaves nothing behind.
    assert.equal(possibleShareOf(resultsOf([[1], [2]]), context).possibleCachedShare, 0)
  })

  test('is unknown where nobody told what was sent, and of nothing', () => {
    const [result] = resultsOf([[0]])
    assert.ok(result !== undefined)
    assert.deepEqual(possibleShareOf([{ records: result.records }], conversations), {})
    assert.deepEqual(possibleShareOf(resultsOf([[0, 'warm-up']]), conversations), {})
    assert.deepEqual(possibleShareOf([], conversations), {})
  })
})
