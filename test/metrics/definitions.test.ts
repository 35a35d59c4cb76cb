import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodRequests, itlOf, latenciesOf, outputTokensPerSPerUser } from '../../src/metrics/definitions.ts'
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

test('a user sees 1000 / ITL tokens a second', () => {
  assert.deepEqual([...outputTokensPerSPerUser(Float64Array.of(10, Number.NaN))], [100, Number.NaN])
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
