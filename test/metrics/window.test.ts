import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createRecords, phaseCode, type RequestPhase, type RequestRecords } from '../../src/metrics/records.ts'
import { summarise } from '../../src/metrics/summary.ts'
import { answeredWithin, steadyWindow, sumsWithin } from '../../src/metrics/window.ts'

interface Request {
  readonly sent: number
  readonly ttft: number
  readonly takes: number
  readonly tokens: number
  readonly phase: RequestPhase
}

function recordsOf(requests: readonly Request[]): RequestRecords {
  const records = createRecords(requests.length)
  for (const [row, { sent, ttft, takes, tokens, phase }] of requests.entries()) {
    records.scheduledMs[row] = records.sentMs[row] = sent
    records.firstTokenMs[row] = sent + ttft
    records.lastTokenMs[row] = records.doneMs[row] = sent + takes
    records.inputTokens[row] = 100
    records.outputTokens[row] = records.chunks[row] = tokens
    records.firstChunkTokens[row] = 1
    records.phase[row] = phaseCode(phase)
  }
  return records
}

/**
 * Slots that all start at once and stay together: the first round takes 300 ms to the first token, every later one 50
 * ms.
 */
function waves(slots: number, warmup: number, measured: number): RequestRecords {
  const requests: Request[] = []
  let at = 0
  for (let round = 0; round < warmup + measured + 1; round++) {
    const ttft = round === 0 ? 300 : 50
    const phase = round < warmup ? 'warm-up' : round < warmup + measured ? 'measured' : 'after'
    for (let slot = 0; slot < slots; slot++) requests.push({ sent: at, ttft, takes: ttft + 950, tokens: 20, phase })
    at += ttft + 950
  }
  return recordsOf(requests)
}

const options = { from: 'sent', slo: {}, asked: { isl: 100, osl: 20 } } as const
const slots = { concurrency: 4, conversations: 40, turns: 1, thinkMs: 0, startGapMs: 0.1, stopMs: null }
const steady = { ...options, slots, steadyWindow: { startMs: null, endMs: null } }

describe('a steady window', () => {
  test('has the latencies of requests sent in it, and none of the first wave', () => {
    const summary = summarise(waves(4, 2, 10), steady)
    assert.deepEqual([summary.ttftMs?.count, summary.ttftMs?.max], [40, 50])
    assert.deepEqual(summary.requests, { sent: 40, completed: 40, failed: 0 })
  })

  test('has the throughput of full load, although waves begin and end it', () => {
    const { durationS, outputTokensPerS, requestsPerS, inputTokensPerS } = summarise(waves(4, 2, 10), steady)
    assert.equal(durationS, 9)
    assert.equal(outputTokensPerS, 4 * 20)
    assert.deepEqual([requestsPerS, inputTokensPerS], [4, 400])
  })

  test('keeps the figures of the whole run, first wave and all, beside its own', () => {
    const { whole, window } = summarise(waves(4, 2, 10), steady)
    assert.equal(window, 'steady')
    assert.deepEqual([whole?.requests.sent, whole?.ttftMs?.max, whole?.durationS], [48, 300, 12.25])
  })

  test('is held in full from its start, as its slots are busy before', () => {
    assert.equal(summarise(waves(4, 2, 10), steady).client.inFlight?.held, 1)
  })

  test('of a single wave ends with its last answer, as it has no length until its last send', () => {
    const summary = summarise(waves(4, 1, 1), steady)
    assert.equal(summary.durationS, 1)
    assert.equal(summary.outputTokensPerS, 80)
  })

  test('ends when its time is over where time ends a point', () => {
    const records = waves(2, 1, 4)
    assert.deepEqual(steadyWindow(records, { startMs: null, endMs: 4000 }), { startMs: 1250, endMs: 4000 })
  })
})

test('without phases everything is measured, and the window is the whole run', () => {
  const summary = summarise(waves(4, 0, 3), { ...options, slots: null })
  assert.deepEqual([summary.window, summary.whole, summary.ttftMs?.max], ['whole', undefined, 300])
})

describe('what of an answer lies in a window', () => {
  const answer = fc.record({
    sentMs: fc.integer({ min: 0, max: 1000 }),
    ttft: fc.integer({ min: 1, max: 500 }),
    decode: fc.integer({ min: 0, max: 1000 }),
    outputTokens: fc.integer({ min: 1, max: 50 }),
  })
  const window = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 3000 })).map(([a, b]) => ({
    startMs: Math.min(a, b),
    endMs: Math.max(a, b),
  }))
  const windowed = ({
    sentMs,
    ttft,
    decode,
    outputTokens,
  }: {
    sentMs: number
    ttft: number
    decode: number
    outputTokens: number
  }) => ({
    sentMs,
    firstTokenMs: sentMs + ttft,
    lastTokenMs: sentMs + ttft + decode,
    inputTokens: 10,
    outputTokens,
    chunks: outputTokens,
    firstChunkTokens: 1,
  })

  test('is nothing before and after it, all of it inside, and never more', () => {
    fc.assert(
      fc.property(answer, window, (of, within) => {
        const one = windowed(of)
        const { requests, outputTokens } = sumsWithin(one, within)
        assert.ok(outputTokens >= 0 && outputTokens <= one.outputTokens + 1e-9)
        assert.ok(requests >= 0 && requests <= 1 + 1e-9)
        if (one.firstTokenMs > within.startMs && one.lastTokenMs <= within.endMs) assert.equal(requests, 1)
        if (one.lastTokenMs <= within.startMs || one.firstTokenMs > within.endMs) assert.equal(outputTokens, 0)
      }),
    )
  })

  test('adds up over windows that follow each other', () => {
    fc.assert(
      fc.property(
        fc.array(answer, { minLength: 1, maxLength: 20 }),
        window,
        fc.integer({ min: 0, max: 3000 }),
        (answers, all, cut) => {
          const records = recordsOf(
            answers.map(({ sentMs, ttft, decode, outputTokens }) => ({
              sent: sentMs,
              ttft,
              takes: ttft + decode,
              tokens: outputTokens,
              phase: 'measured' as const,
            })),
          )
          const middle = Math.min(Math.max(cut, all.startMs), all.endMs)
          const parts = [
            answeredWithin(records, { startMs: all.startMs, endMs: middle }),
            answeredWithin(records, { startMs: middle, endMs: all.endMs }),
          ]
          const whole = answeredWithin(records, all)
          for (const key of ['requests', 'inputTokens', 'outputTokens'] as const) {
            const sum = (parts[0]?.[key] ?? 0) + (parts[1]?.[key] ?? 0)
            assert.ok(Math.abs(sum - whole[key]) < 1e-6, `${key}: ${sum} of ${whole[key]}`)
          }
        },
      ),
    )
  })
})
