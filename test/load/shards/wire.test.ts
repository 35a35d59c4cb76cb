import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode, encode, type FromShard } from '../../../src/load/shards/wire.ts'
import { createRecords } from '../../../src/metrics/records.ts'

const noGaps = { count: 0, sumUs: 0, squaresUs2: 0, minUs: Number.POSITIVE_INFINITY, maxUs: 0 }

function resultOf(times: Float64Array): FromShard {
  const records = createRecords(times.length)
  records.sentMs.set(times)
  const buckets = { ...noGaps, buckets: times }
  return {
    kind: 'result',
    clockJumpMs: 0,
    results: [
      {
        records,
        gaps: buckets,
        waits: buckets,
        uncounted: 0,
        errors: [{ kind: 'timeout', count: 1, example: 'ä\n"\u2028' }],
        health: { cpuMs: 1, gcMs: 0, loopDelayMs: { mean: 0, p99: 0, max: 0 } },
        firstTexts: [[0, 'two tokens']],
      },
    ],
  }
}

test('what a shard saw comes through bit by bit, missing times and infinities included', () => {
  fc.assert(
    fc.property(fc.float64Array(), times => {
      const message = resultOf(times)
      const line = encode(message)
      assert.ok(!line.includes('\n'))
      assert.deepEqual(decode(line), message)
    }),
  )
})

test('lines of a login shell, and cut messages, are no messages', () => {
  assert.equal(decode('Last login: Mon Nov 23'), null)
  assert.equal(decode('{"kind":"alive"}'), null)
  assert.equal(decode(encode({ kind: 'alive' }).slice(0, -1)), null)
})

test('bytes of requests arrive as they were sent', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256)
  assert.deepEqual(decode(encode({ kind: 'piece', at: 3, bytes: bytes.subarray(1) })), {
    kind: 'piece',
    at: 3,
    bytes: bytes.subarray(1),
  })
})
