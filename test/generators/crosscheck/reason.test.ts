import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figures } from '../../../src/generators/crosscheck/figures.ts'
import { likelyReason } from '../../../src/generators/crosscheck/reason.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { unknownHealth } from '../../../src/metrics/measurement.ts'
import { createRecords, phaseCode } from '../../../src/metrics/records.ts'
import { summarise } from '../../../src/metrics/summary.ts'

/** Rounds of four slots that stay together: 300 ms to the first token in the first one, 50 ms in all others. */
function measured(name: Measurement['generator']['name'], window: 'steady' | 'whole', laterTtftMs = 50): Measurement {
  const rounds = window === 'steady' ? 13 : 10
  const records = createRecords(rounds * 4)
  let at = 0
  for (let round = 0; round < rounds; round++) {
    const ttftMs = round === 0 ? 300 : laterTtftMs
    for (let slot = 0; slot < 4; slot++) {
      const row = round * 4 + slot
      records.scheduledMs[row] = records.sentMs[row] = at
      records.firstTokenMs[row] = at + ttftMs
      records.lastTokenMs[row] = records.doneMs[row] = at + ttftMs + 190
      records.inputTokens[row] = 100
      records.outputTokens[row] = records.chunks[row] = 20
      records.firstChunkTokens[row] = 1
      const phase = round < 2 ? 'warm-up' : round < 12 ? 'measured' : 'after'
      records.phase[row] = phaseCode(window === 'steady' ? phase : 'measured')
    }
    at += ttftMs + 190
  }
  const asked = { from: 'sent', slo: {}, asked: { isl: 100, osl: 20 }, slots: null } as const
  const summary = summarise(
    records,
    window === 'steady' ? { ...asked, steadyWindow: { startMs: null, endMs: null } } : asked,
  )
  return {
    generator: { name, version: '1' },
    startedAt: '',
    wallS: 1,
    errors: [],
    interChunkMs: null,
    tokenSource: 'usage',
    files: [],
    ...summary,
    client: { ...unknownHealth, ...summary.client },
  }
}

const ttftMean = figures.find(({ key }) => key === 'ttftMean')
assert.ok(ttftMean !== undefined)

test('generators whose windows differ are said to differ for that, with what the whole run of the steady one shows', () => {
  const reason = likelyReason(ttftMean, measured('built-in', 'steady'), measured('genai-perf', 'whole'), -25)
  assert.match(
    reason,
    /^their windows differ: genai-perf counts the whole run with its first wave and its end, built-in the steady part/,
  )
  assert.match(reason, /TTFT mean 70\.8 instead of 50$/)
})

test('windows that differ are no reason for what the whole run does not show either', () => {
  const reason = likelyReason(ttftMean, measured('built-in', 'steady', 150), measured('aiperf', 'whole', 50), 75)
  assert.doesNotMatch(reason, /windows differ/)
})

test('a rate that could not be told is compared with nothing: no time, no tokens counted, or no answer', () => {
  const rates = (change: Partial<Measurement>) =>
    (['requestsPerS', 'outputTokensPerS'] as const).map(
      name => figures.find(({ key }) => key === name)?.of({ ...measured('built-in', 'whole'), ...change }) ?? null,
    )
  assert.ok(rates({}).every(rate => rate !== null && rate > 0))
  assert.deepEqual(rates({ durationS: 0 }), [null, null])
  assert.deepEqual(rates({ osl: null, outputTokensPerS: 0 })[1], null)
  assert.deepEqual(rates({ requests: { sent: 40, completed: 0, failed: 40 } }), [null, null])
})

const figureNamed = (key: string) => figures.find(figure => figure.key === key) ?? assert.fail(key)
/** Prompts of so many tokens, each figure of time larger and each rate smaller by a factor. */
function withPrompts(name: Measurement['generator']['name'], isl: number, factor: number): Measurement {
  const one = measured(name, 'whole')
  const times = (of: Measurement['ttftMs']) => of && { ...of, mean: of.mean * factor, p50: (of.p50 ?? 0) * factor }
  return {
    ...one,
    ttftMs: times(one.ttftMs),
    requestLatencyMs: times(one.requestLatencyMs),
    requestsPerS: (one.requestsPerS ?? 0) / factor,
    isl: one.isl && { ...one.isl, mean: isl },
  }
}

test('a difference in the length of prompts is about prompts, never about reading late', () => {
  // As on an H200: 1,180 tokens by the server for one, 1,003 for the other, and 7% longer requests.
  const [long, short] = [withPrompts('built-in', 1180, 1.07), withPrompts('aiperf', 1003, 1)]
  for (const key of ['islMean', 'ttftMean', 'latencyMean', 'requestsPerS']) {
    const reason = likelyReason(figureNamed(key), long, short, key === 'requestsPerS' ? -1 : 1)
    assert.match(reason, /^prompts differ in length: built-in 1180 tokens, aiperf 1000$/, key)
  }
})

test('longer prompts are no reason for being faster, and slightly longer ones none for being much slower', () => {
  const reason = (long: Measurement, short: Measurement, by: number) =>
    likelyReason(figureNamed('latencyMean'), long, short, by)
  assert.doesNotMatch(reason(withPrompts('built-in', 1180, 0.9), withPrompts('aiperf', 1003, 1), -1), /prompts differ/)
  assert.doesNotMatch(reason(withPrompts('built-in', 1020, 1.5), withPrompts('aiperf', 1000, 1), 1), /prompts differ/)
})

test('windows that explain less than half of a difference are not its reason', () => {
  // The whole run of the steady one: 70.8 ms instead of 50, of 300 that the other has.
  const reason = likelyReason(ttftMean, measured('built-in', 'steady'), measured('aiperf', 'whole', 300), -250)
  assert.doesNotMatch(reason, /windows differ/)
})
