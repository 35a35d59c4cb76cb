import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  goodRequests,
  interactivityOf,
  itlOf,
  latenciesOf,
  outputTokensPerSPerUser,
} from '../../src/metrics/definitions.ts'
import { distributionOf } from '../../src/metrics/distribution.ts'
import { createRecords, errorCode, type RequestRecords } from '../../src/metrics/records.ts'

/** One request: due at 0, sent at 5, tokens in 4 chunks at 105, 115, 125, 135. */
function oneRequest(change: (records: RequestRecords) => void = () => undefined): RequestRecords {
  const records = createRecords(1)
  records.scheduledMs[0] = 0
  records.sentMs[0] = 5
  records.firstTokenMs[0] = 105
  records.secondTokenMs[0] = 115
  records.lastTokenMs[0] = 135
  records.doneMs[0] = 136
  records.inputTokens[0] = 50
  records.outputTokens[0] = 4
  records.chunks[0] = 4
  records.firstChunkTokens[0] = 1
  change(records)
  return records
}

test('TTFT and request latency of an open loop count from the scheduled time', () => {
  const { ttftMs, requestLatencyMs } = latenciesOf(oneRequest(), 'scheduled')
  assert.deepEqual([ttftMs[0], requestLatencyMs[0]], [105, 135])
})

test('TTFT and request latency of a closed loop count from the send', () => {
  const { ttftMs, requestLatencyMs } = latenciesOf(oneRequest(), 'sent')
  assert.deepEqual([ttftMs[0], requestLatencyMs[0]], [100, 130])
})

test('time to second token counts from the first', () => {
  assert.equal(latenciesOf(oneRequest(), 'sent').ttstMs[0], 10)
})

test('ITL is the time after the first chunk over the tokens after the first', () => {
  assert.equal(latenciesOf(oneRequest(), 'sent').itlMs[0], 10)
})

test('ITL takes all tokens of a first chunk that carries several off', () => {
  // 6 tokens in chunks of 3, 1, 1, 1: 30 ms for the 3 tokens after the first chunk, not for 5.
  assert.equal(itlOf({ firstTokenMs: 105, lastTokenMs: 135, outputTokens: 6, chunks: 4, firstChunkTokens: 3 }), 10)
})

test('a request with one token, or with all of them in one chunk, has no ITL', () => {
  assert.ok(Number.isNaN(itlOf({ firstTokenMs: 1, lastTokenMs: 1, outputTokens: 1, chunks: 1, firstChunkTokens: 1 })))
  assert.ok(Number.isNaN(itlOf({ firstTokenMs: 1, lastTokenMs: 1, outputTokens: 9, chunks: 1, firstChunkTokens: 1 })))
})

test('a failed request has no latency', () => {
  const failed = oneRequest(records => {
    records.error[0] = errorCode('timeout')
  })
  const { ttftMs, itlMs, requestLatencyMs } = latenciesOf(failed, 'sent')
  assert.deepEqual([ttftMs[0], itlMs[0], requestLatencyMs[0]], [Number.NaN, Number.NaN, Number.NaN])
})

/** Answers of `tokens` one-token chunks that took `decodeMs` from the first to the last, TTFT 40 ms. */
function answers(...each: readonly { readonly tokens: number; readonly decodeMs: number }[]): RequestRecords {
  const records = createRecords(each.length)
  for (const [row, { tokens, decodeMs }] of each.entries()) {
    records.scheduledMs[row] = records.sentMs[row] = 0
    records.firstTokenMs[row] = 40
    records.lastTokenMs[row] = records.doneMs[row] = 40 + decodeMs
    records.inputTokens[row] = 100
    records.outputTokens[row] = records.chunks[row] = tokens
    records.firstChunkTokens[row] = 1
  }
  return records
}

test('a user sees the tokens after the first chunk over the time they took, over all requests together', () => {
  // 10 tokens in 100 ms and 90 in 1,800 ms: 100 in 1.9 s, where a mean of 1000 / ITL says 75.
  const latencies = latenciesOf(answers({ tokens: 11, decodeMs: 100 }, { tokens: 91, decodeMs: 1800 }), 'sent')
  const speed = outputTokensPerSPerUser(latencies)
  assert.ok(Math.abs((speed?.mean ?? 0) - 100 / 1.9) < 1e-9)
  assert.deepEqual([speed?.min, speed?.max, speed?.count], [50, 100, 2])
})

test('one answer in ten whose tokens arrive together leaves tokens/s per user as it is', () => {
  const steady = Array.from({ length: 9 }, () => ({ tokens: 20, decodeMs: 190 }))
  const latencies = latenciesOf(answers(...steady, { tokens: 20, decodeMs: 0.4 }), 'sent')
  assert.ok(Math.abs((outputTokensPerSPerUser(latencies)?.mean ?? 0) - 100) < 1e-9)
  assert.equal(latencies.onePiece, 1)
})

test('an answer that is passed on within milliseconds, not at once, still moves the mean by its tokens only', () => {
  const steady = Array.from({ length: 9 }, () => ({ tokens: 20, decodeMs: 190 }))
  const speed = outputTokensPerSPerUser(latenciesOf(answers(...steady, { tokens: 20, decodeMs: 3 }), 'sent'))
  assert.ok((speed?.mean ?? 0) > 100 && (speed?.mean ?? 0) < 112, `${speed?.mean}`)
})

test('the mean speed lies between the slowest and the fastest request, however they differ', () => {
  const answer = fc.record({
    tokens: fc.integer({ min: 2, max: 4000 }),
    decodeMs: fc.double({ min: 250, max: 60_000, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 30 }), each => {
      const speed = outputTokensPerSPerUser(latenciesOf(answers(...each), 'sent'))
      assert.ok(speed !== null && speed.mean >= speed.min * (1 - 1e-9) && speed.mean <= speed.max * (1 + 1e-9))
    }),
  )
})

test('an answer whose chunks came at once has no ITL, and is counted as one that came in one piece', () => {
  const atOnce = latenciesOf(answers({ tokens: 20, decodeMs: 0 }), 'sent')
  const oneChunk = latenciesOf(
    oneRequest(records => {
      records.chunks[0] = 1
      records.lastTokenMs[0] = 105
    }),
    'sent',
  )
  assert.deepEqual([atOnce.itlMs[0], atOnce.onePiece], [Number.NaN, 1])
  assert.deepEqual([oneChunk.itlMs[0], oneChunk.onePiece], [Number.NaN, 1])
  assert.equal(outputTokensPerSPerUser(atOnce), null)
})

test('an answer of one token, and one that was not streamed, did not come in one piece', () => {
  const oneToken = latenciesOf(answers({ tokens: 1, decodeMs: 0 }), 'sent')
  const whole = latenciesOf(
    oneRequest(records => {
      records.firstTokenMs[0] = records.secondTokenMs[0] = Number.NaN
    }),
    'sent',
  )
  assert.deepEqual([oneToken.onePiece, whole.onePiece], [0, 0])
})

test('one token has no ITL to miss: the TTFT decides whether it is good', () => {
  const latencies = latenciesOf(answers({ tokens: 1, decodeMs: 0 }), 'sent')
  assert.equal(goodRequests(latencies, { ttftP95Ms: 100, itlP95Ms: 25 }), 1)
  assert.equal(goodRequests(latencies, { ttftP95Ms: 30, itlP95Ms: 25 }), 0)
})

test('an answer in one piece meets no objective on ITL', () => {
  const latencies = latenciesOf(answers({ tokens: 20, decodeMs: 190 }, { tokens: 20, decodeMs: 0 }), 'sent')
  assert.equal(goodRequests(latencies, { itlP95Ms: 25 }), 1)
  assert.equal(goodRequests(latencies, { ttftP95Ms: 100 }), 2)
})

test('goodput is unknown where no answer can be held against an objective', () => {
  const whole = oneRequest(records => {
    records.firstTokenMs[0] = records.secondTokenMs[0] = Number.NaN
  })
  assert.equal(goodRequests(latenciesOf(whole, 'sent'), { ttftP95Ms: 100 }), null)
  assert.equal(goodRequests(latenciesOf(whole, 'sent'), { ttftP95Ms: 100, requestLatencyP95Ms: 1 }), 0)
  assert.equal(goodRequests(latenciesOf(answers({ tokens: 9, decodeMs: 0 }), 'sent'), { itlP95Ms: 25 }), null)
})

test('the tokens/s per user of answers of one token is one token over the request latency', () => {
  const osl = distributionOf(Float64Array.of(1, 1))
  const requestLatencyMs = distributionOf(Float64Array.of(40, 60))
  assert.equal(interactivityOf({ outputTokensPerSPerUser: null, requestLatencyMs, osl }), 20)
  const several = distributionOf(Float64Array.of(1, 2))
  assert.equal(interactivityOf({ outputTokensPerSPerUser: null, requestLatencyMs, osl: several }), null)
})

test('a request is good when it meets every objective', () => {
  const latencies = latenciesOf(oneRequest(), 'sent')
  assert.equal(goodRequests(latencies, { ttftP95Ms: 100, itlP95Ms: 10, requestLatencyP95Ms: 130 }), 1)
  assert.equal(goodRequests(latencies, { ttftP95Ms: 99 }), 0)
  assert.equal(goodRequests(latencies, { itlP95Ms: 9 }), 0)
  assert.equal(goodRequests(latencies, { requestLatencyP95Ms: 129 }), 0)
})

test('without an objective there is no goodput', () => {
  assert.equal(goodRequests(latenciesOf(oneRequest(), 'sent'), {}), null)
})

test('a failed request is never good', () => {
  const failed = oneRequest(records => {
    records.error[0] = errorCode('http-status')
  })
  assert.equal(goodRequests(latenciesOf(failed, 'sent'), { ttftP95Ms: 1e9 }), 0)
})

test('a minority of answers that show their pace, beside late ones that do not, stands for none', () => {
  const inOnePiece = { tokens: 8, decodeMs: 0.1 }
  const paced = { tokens: 8, decodeMs: 90 }
  const of = (pieces: number, others: number) =>
    latenciesOf(answers(...Array(pieces).fill(inOnePiece), ...Array(others).fill(paced)), 'sent')
  assert.equal(outputTokensPerSPerUser(of(19, 11)), null)
  assert.ok(of(19, 11).itlMs.every(Number.isNaN))
  assert.equal(of(19, 11).onePiece, 19)
  assert.equal(outputTokensPerSPerUser(of(11, 19))?.count, 19)
  // Answers of a single chunk, such as tool calls, say nothing of the pace of others.
  const calls = answers(...Array(19).fill(inOnePiece), ...Array(11).fill(paced))
  calls.chunks.fill(1, 0, 19)
  assert.equal(outputTokensPerSPerUser(latenciesOf(calls, 'sent'))?.count, 11)
})
