import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inFlightOf } from '../../src/metrics/in-flight.ts'
import { createRecords, errorCode, mergeRecords, type RequestRecords } from '../../src/metrics/records.ts'
import { summarise } from '../../src/metrics/summary.ts'

interface Request {
  readonly due: number
  readonly late?: number
  readonly takes: number
  readonly failed?: boolean
}

/** Requests with 100 input tokens and 11 output tokens, the first one after half of the time. */
function recordsOf(requests: readonly Request[]): RequestRecords {
  const records = createRecords(requests.length)
  for (const [row, { due, late = 0, takes, failed = false }] of requests.entries()) {
    records.scheduledMs[row] = due
    records.sentMs[row] = due + late
    records.doneMs[row] = due + late + takes
    if (failed) {
      records.error[row] = errorCode('broken-stream')
      continue
    }
    records.firstTokenMs[row] = due + late + takes / 2
    records.lastTokenMs[row] = due + late + takes
    records.inputTokens[row] = 100
    records.outputTokens[row] = 11
    records.chunks[row] = 11
    records.firstChunkTokens[row] = 1
  }
  return records
}

const plain = { from: 'sent', slo: {}, asked: { isl: 100, osl: 11 }, slots: null } as const

test('rates are over the window from the first request due to the last one ended', () => {
  const summary = summarise(
    recordsOf([
      { due: 1000, takes: 500 },
      { due: 1500, takes: 1500 },
    ]),
    plain,
  )
  assert.equal(summary.durationS, 2)
  assert.deepEqual([summary.requestsPerS, summary.outputTokensPerS, summary.inputTokensPerS], [1, 11, 100])
})

test('failed requests are counted and add neither tokens nor latency', () => {
  const summary = summarise(
    recordsOf([
      { due: 0, takes: 1000 },
      { due: 0, takes: 10, failed: true },
    ]),
    plain,
  )
  assert.deepEqual(summary.requests, { sent: 2, completed: 1, failed: 1 })
  assert.deepEqual([summary.ttftMs?.count, summary.isl?.count, summary.totals.outputTokens], [1, 1, 11])
})

test('an open loop keeps both readings of latency', () => {
  const summary = summarise(recordsOf([{ due: 0, late: 30, takes: 100 }]), { ...plain, from: 'scheduled' })
  assert.deepEqual([summary.ttftMs?.mean, summary.fromSend?.ttftMs?.mean], [80, 50])
  assert.equal(summary.client.sendLatenessMs?.max, 30)
})

test('deviation of lengths is relative to what was asked', () => {
  const { deviation } = summarise(recordsOf([{ due: 0, takes: 10 }]), { ...plain, asked: { isl: 80, osl: 22 } })
  assert.deepEqual(deviation, { isl: 0.25, osl: -0.5 })
})

test('of no answered request there is no distribution, no rate and no deviation', () => {
  const summary = summarise(recordsOf([{ due: 0, takes: 10, failed: true }]), plain)
  assert.deepEqual([summary.ttftMs, summary.requestsPerS, summary.deviation.isl], [null, 0, null])
})

test('rates are null, and never 0, where no time passed', () => {
  const { requestsPerS, outputTokensPerS, goodputPerS } = summarise(recordsOf([{ due: 0, takes: 0 }]), {
    ...plain,
    slo: { requestLatencyP95Ms: 1500 },
  })
  assert.deepEqual([requestsPerS, outputTokensPerS, goodputPerS], [null, null, null])
})

test('tokens that nobody counted are null in totals and rates, whole or steady; answers are still counted', () => {
  const records = recordsOf([
    { due: 0, takes: 1000 },
    { due: 500, takes: 1500 },
  ])
  records.outputTokens.fill(Number.NaN)
  for (const options of [plain, { ...plain, steadyWindow: { startMs: 0, endMs: 2000 } }]) {
    const { totals, outputTokensPerS, inputTokensPerS, requestsPerS, whole } = summarise(records, options)
    assert.deepEqual([totals.outputTokens, outputTokensPerS, totals.inputTokens], [null, null, 200])
    assert.deepEqual([requestsPerS, inputTokensPerS], [1, 100])
    assert.equal(whole?.outputTokensPerS ?? null, null)
  }
})

test('an answer without a count adds no tokens, and leaves the others theirs', () => {
  const records = recordsOf([
    { due: 0, takes: 1000 },
    { due: 0, takes: 1000 },
  ])
  records.outputTokens[1] = Number.NaN
  for (const options of [plain, { ...plain, steadyWindow: { startMs: -1, endMs: 1000 } }]) {
    const { totals, outputTokensPerS, durationS } = summarise(records, options)
    assert.deepEqual([totals.outputTokens, (outputTokensPerS ?? Number.NaN) * durationS], [11, 11])
  }
})

test('goodput counts good requests over the window', () => {
  const summary = summarise(
    recordsOf([
      { due: 0, takes: 1000 },
      { due: 0, takes: 2000 },
    ]),
    {
      ...plain,
      slo: { requestLatencyP95Ms: 1500 },
    },
  )
  assert.equal(summary.goodputPerS, 0.5)
})

test('tail bounds are null where the samples are too few for them', () => {
  const { tails } = summarise(recordsOf(Array.from({ length: 200 }, (_, at) => ({ due: at, takes: 10 }))), plain)
  assert.deepEqual(tails?.requestLatencyMs, { p95: 10, p99: null })
})

test('in flight is the time-weighted mean up to the last send', () => {
  // Two slots held from 0 to 100, when the last request goes out; the drain after it doesn't count.
  const records = recordsOf([
    { due: 0, takes: 50 },
    { due: 0, takes: 100 },
    { due: 50, takes: 50 },
    { due: 100, takes: 500 },
  ])
  assert.deepEqual(inFlightOf(records), { mean: 2, max: 2 })
})

test('in flight never exceeds the requests, and its mean never its maximum', () => {
  const request = fc.record({ due: fc.integer({ min: 0, max: 1000 }), takes: fc.integer({ min: 0, max: 1000 }) })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 50 }), requests => {
      const found = inFlightOf(recordsOf(requests))
      assert.ok(found !== null && found.mean <= found.max && found.max <= requests.length)
    }),
  )
})

test('records that were split over workers give the same summary when merged', () => {
  const request = fc.record({
    due: fc.integer({ min: 0, max: 10_000 }),
    takes: fc.integer({ min: 1, max: 1000 }),
    failed: fc.boolean(),
    worker: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.uniqueArray(request, { minLength: 1, maxLength: 100, selector: one => one.due }), requests => {
      const ordered = requests.toSorted((a, b) => a.due - b.due)
      const parts = [0, 1, 2, 3].map(worker => recordsOf(ordered.filter(one => one.worker === worker)))
      assert.deepEqual(summarise(mergeRecords(parts), plain), summarise(recordsOf(ordered), plain))
    }),
  )
})
