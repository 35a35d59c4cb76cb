import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JobResult } from '../../../src/generators/built-in/job.ts'
import type { RequestSet } from '../../../src/generators/built-in/request-set.ts'
import { measurementOf } from '../../../src/generators/built-in/result.ts'
import { watchThread } from '../../../src/generators/built-in/thread-health.ts'
import { Histogram } from '../../../src/metrics/histogram.ts'
import { createRecords, mergeRecords } from '../../../src/metrics/records.ts'
import { pointOf } from '../built-in/setting.ts'

const ms = fc.double({ min: 0, max: 5000, noNaN: true })
const request = fc.record({
  wait: ms,
  late: ms,
  ttft: ms,
  decode: ms,
  tokens: fc.integer({ min: 2, max: 50 }),
  failed: fc.boolean(),
  gaps: fc.array(ms, { maxLength: 5 }),
  shard: fc.integer({ min: 0, max: 3 }),
})
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value & { readonly dueMs: number } : never

const requestSet: RequestSet = {
  count: 1,
  spare: 0,
  bytes: new Uint8Array(0),
  offsets: new Float64Array(2),
  inputTokens: Uint32Array.of(7),
  outputTokens: Uint32Array.of(9),
  leastTokens: Uint32Array.of(0),
  headLength: 0,
  prompts: new Float64Array(2),
  turns: 1,
}

// What a thread saw of itself depends on which one it was, and is left out of the comparison.
const health = watchThread().stop()

/** What one thread would report of these requests. */
function resultOf(requests: readonly Request[]): JobResult {
  const records = createRecords(requests.length)
  const gaps = new Histogram()
  const waits = new Histogram()
  for (const [row, { dueMs, late, ttft, decode, tokens, failed, gaps: between }] of requests.entries()) {
    records.scheduledMs[row] = dueMs
    records.sentMs[row] = dueMs + late
    records.firstTokenMs[row] = dueMs + late + ttft
    records.secondTokenMs[row] = Number.NaN
    records.lastTokenMs[row] = dueMs + late + ttft + decode
    records.doneMs[row] = dueMs + late + ttft + decode
    records.inputTokens[row] = tokens
    records.outputTokens[row] = tokens
    records.chunks[row] = tokens
    records.firstChunkTokens[row] = 1
    records.error[row] = failed ? 1 : 0
    for (const gap of between) gaps.record(gap)
    waits.record(ttft)
  }
  return {
    records,
    gaps: gaps.toState(),
    waits: waits.toState(),
    errors: [],
    health,
    firstTexts: [],
    texts: [],
    reasoning: [],
    unended: [],
    noPromptTokens: [],
    resent: 0,
  }
}

function measured(results: readonly JobResult[]) {
  const { client, ...figures } = measurementOf(mergeRecords(results.map(({ records }) => records)), results, {
    point: pointOf({}),
    requests: requestSet,
    startedAt: '',
    clockJumpMs: 0,
    lookupMs: 0,
    shards: 1,
    errors: [],
    counts: { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 },
    files: [],
  })
  const { sendLatenessMs, inFlight, stampUncertaintyMs } = client
  return { ...figures, sendLatenessMs, inFlight, stampUncertaintyMs }
}

test('however requests are spread over shards, the measurement put together is that of one process, digit by digit', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 60 }), drawn => {
      let dueMs = 0
      const requests = drawn.map((one): Request => {
        // Requests due at the same moment have no order among themselves.
        dueMs += one.wait + 1
        return { ...one, dueMs }
      })
      const shards = [0, 1, 2, 3].map(shard => resultOf(requests.filter(one => one.shard === shard)))
      assert.deepEqual(measured(shards), measured([resultOf(requests)]))
    }),
  )
})
