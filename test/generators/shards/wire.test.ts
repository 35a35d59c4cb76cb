import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { watchThread } from '../../../src/generators/built-in/thread-health.ts'
import { createDecoder, encode, type FromShard, type ToShard } from '../../../src/generators/shards/wire.ts'
import { createRecords } from '../../../src/metrics/records.ts'

const health = watchThread().stop()
const noGaps = { count: 0, sumUs: 0, squaresUs2: 0, minUs: Number.POSITIVE_INFINITY, maxUs: 0 }

function resultOf(times: Float64Array): FromShard {
  const records = createRecords(times.length)
  records.sentMs.set(times)
  const buckets = { ...noGaps, buckets: times }
  return {
    kind: 'result',
    clockJumpMs: 0,
    lookupMs: 0,
    results: [
      {
        records,
        gaps: buckets,
        waits: buckets,
        errors: [{ kind: 'timeout', count: 1, example: 'ä\n"\u2028' }],
        health,
        firstTexts: [[0, 'two tokens']],
        texts: [{ row: 0, text: 'two tokens', times: 1, usage: 'missing', leastTokens: 0 }],
        reasoning: [],
        unended: [[0, 1]],
        noPromptTokens: [0],
        resent: 0,
      },
    ],
  }
}

/** What arrives of a text that was written, line by line. */
function arriving(text: string) {
  const decode = createDecoder<FromShard | ToShard>()
  return text.split('\n').map(decode)
}

test('what a shard saw comes through bit by bit, missing times and infinities included', () => {
  fc.assert(
    fc.property(fc.float64Array(), times => {
      const message = resultOf(times)
      assert.deepEqual(arriving(encode(message)), [{ message }])
    }),
  )
})

test('a long message takes several lines, and the next one is read after it', () => {
  const message = resultOf(Float64Array.from({ length: 300_000 }, (_, index) => index / 7))
  const heard = arriving(`${encode(message)}\n${encode({ kind: 'alive' })}`)
  assert.ok(heard.length > 4)
  assert.ok(heard.slice(0, -2).every(one => one === 'part'))
  assert.deepEqual(heard.slice(-2), [{ message }, { message: { kind: 'alive' } }])
})

test('lines of a login shell, and cut messages, are no messages', () => {
  assert.deepEqual(arriving('Last login: Mon Nov 23'), ['noise'])
  assert.deepEqual(arriving('{"kind":"alive"}'), ['noise'])
  assert.deepEqual(arriving(encode({ kind: 'alive' }).slice(0, -1)), ['noise'])
})

test('bytes of requests arrive as they were sent', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256)
  const message: ToShard = { kind: 'piece', at: 3, bytes: bytes.subarray(1) }
  assert.deepEqual(arriving(encode(message)), [{ message }])
})
