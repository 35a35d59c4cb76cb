import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { vllmBenchFailure } from '../../../src/generators/vllm-bench/failure.ts'
import { resultOf } from '../../../src/generators/vllm-bench/result.ts'
import { type BenchResult, readBenchResult } from '../../../src/generators/vllm-bench/result-file.ts'
import { rowsOf } from '../../../src/generators/vllm-bench/rows.ts'
import type { Load } from '../../../src/model/index.ts'
import { endOf } from '../programs/fixture.ts'
import { programPoint } from '../programs/program-point.ts'

/** What the real vllm-rs 0.33 wrote; see test/examples/fixtures. */
const textOf = (name: string) => readFile(join(import.meta.dirname, '../../examples/fixtures', `${name}.json`), 'utf8')
const tokens = Array.from({ length: 6 }, (_, index) => 100 + index)
const measured = async (name: string, load: Partial<Load> = {}, version = '0.33.0') =>
  resultOf(programPoint('vllm-bench', { requests: 6, ...load }), {
    end: endOf(),
    result: readBenchResult(await textOf(name), name, version),
    inputTokens: tokens,
    version,
    startedAtMs: 0,
    runFolder: '/run',
    files: ['/run/a/result.json'],
  })
const codes = ({ remarks = [] }: Awaited<ReturnType<typeof measured>>) => remarks.map(({ code }) => code)

describe('a result of the real vllm-rs 0.33', () => {
  test('is measured over its steady window, with the whole run beside it', async () => {
    const { window, requests, whole, warmupRequests, osl, isl, totals } = await measured('answered')
    assert.equal(window, 'steady')
    // One request was sent before both slots were busy.
    assert.deepEqual(requests, { sent: 5, completed: 5, failed: 0 })
    assert.deepEqual(whole?.requests, { sent: 6, completed: 6, failed: 0 })
    assert.equal(warmupRequests, 4 + 1)
    assert.deepEqual([osl?.mean, isl?.min, totals.chunks], [8, 101, 40])
  })

  test('has the time at which its steady window began, by which GPUs and servers are looked at', async () => {
    const { steady_state: steady, ...result } = readBenchResult(await textOf('answered'), 'answered', '0.33.0')
    assert.ok(steady)
    const later = { ...result, steady_state: { ...steady, window: { ...steady.window, start_s: 0.1 } } }
    const { startedAt, durationS } = resultOf(programPoint('vllm-bench', { requests: 6 }), {
      ...{ end: endOf(), result: later, inputTokens: tokens, version: '0.33.0', runFolder: '/run', files: [] },
      startedAtMs: Date.parse('2026-11-28T22:40:32Z'),
    })
    assert.equal(startedAt, '2026-11-28T22:40:32.100Z')
    assert.ok(durationS < 0.12, `${durationS} s`)
  })

  test('has no TTFO: vllm-rs does not tell reasoning from the answer', async () => {
    assert.equal((await measured('answered')).reasoning, undefined)
  })

  test('agrees with its own figures of the window and of the run', async () => {
    const raw = JSON.parse(await textOf('answered'))
    const measurement = await measured('answered')
    assert.ok(Math.abs((measurement.ttftMs?.mean ?? 0) - raw.steady_state.mean_ttft_ms) < 1e-6)
    assert.ok(Math.abs((measurement.itlMs?.mean ?? 0) - raw.steady_state.mean_tpot_ms) < 0.01)
    assert.equal(codes(measurement).includes('summary-disagrees'), false)
  })

  test('is of the whole run where that is asked for', async () => {
    const { window, requests, whole } = await measured('answered', { window: 'whole' })
    assert.deepEqual([window, requests.sent, whole], ['whole', 6, undefined])
  })

  test('tells refused requests by what the server said', async () => {
    const { requests, errors } = await measured('some-refused', { window: 'whole' })
    assert.deepEqual(requests, { sent: 6, completed: 4, failed: 2 })
    assert.deepEqual([errors[0]?.kind, errors[0]?.count], ['http-status', 2])
    assert.match(errors[0]?.example ?? '', /^HTTP 500 Internal Server Error: .*broken/)
  })

  test('of another version carries a warning, of fewer requests than asked it is invalid', async () => {
    assert.ok(codes(await measured('answered', {}, '0.34.1')).includes('generator-version'))
    assert.equal(codes(await measured('answered')).includes('generator-version'), false)
    assert.ok(codes(await measured('answered', { requests: 20 })).includes('vllm-bench-cut-short'))
  })

  test('is refused with its version when it has another layout, or is cut short', async () => {
    const text = await textOf('answered')
    const result = JSON.parse(text)
    const wrong = { code: 'vllm-bench-output-unreadable', kind: 'failed' }
    assert.throws(() => readBenchResult(text.slice(0, 500), 'f', '0.34.0'), {
      ...wrong,
      message: /0\.34\.0.*cut short/,
    })
    assert.throws(() => readBenchResult(JSON.stringify({ ...result, ttfts: undefined }), 'f', '0.34.0'), {
      ...wrong,
      message: /ttfts is missing/,
    })
    assert.throws(() => readBenchResult(JSON.stringify({ ...result, ttfts: [1] }), 'f', '0.33.0'), {
      ...wrong,
      message: /differ in length/,
    })
  })
})

describe('chunks that hold no token', () => {
  const resultWith = (ttft: number, gaps: readonly number[], tokensOfAnswer: number): BenchResult => ({
    ...{ duration: 1, completed: 1, failed: 0, errors: [''], start_times: [0] },
    ...{ ttfts: [ttft], itls: [[...gaps]], latencies: [ttft + gaps.reduce((a, b) => a + b, 0)] },
    output_lens: [tokensOfAnswer],
  })
  const rowWith = (...args: Parameters<typeof resultWith>) => rowsOf(resultWith(...args), [10])[0]

  test('at the end are left out', () => {
    const row = rowWith(0.1, [0.01, 0.01, 0.000001], 3)
    assert.deepEqual([row?.chunks, Math.round(row?.lastTokenMs ?? 0)], [3, 120])
  })

  test('at the start are no first token', () => {
    const row = rowWith(0.1, [0.000001, 0.01, 0.01], 3)
    assert.equal(row?.chunks, 3)
    assert.ok(Math.abs((row?.firstTokenMs ?? 0) - 100.001) < 1e-9)
    assert.ok(Math.abs((row?.secondTokenMs ?? 0) - 110.001) < 1e-9)
  })

  test('are never more than the answer has to spare, and times stay in order', () => {
    const gaps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 40 }), (itls, count) => {
        const row = rowWith(0.1, itls, count)
        assert.equal(row?.chunks, Math.min(itls.length + 1, count))
        assert.ok((row?.firstTokenMs ?? 0) >= 100 - 1e-9)
        assert.ok((row?.lastTokenMs ?? 0) >= (row?.firstTokenMs ?? 0) - 1e-9)
        assert.ok((row?.lastTokenMs ?? 0) <= (row?.doneMs ?? 0) + 1e-6)
      }),
    )
  })
})

describe('a run of vllm-rs without a result', () => {
  const failureOf = (lines: readonly string[], end: Parameters<typeof endOf>[0] = {}) =>
    vllmBenchFailure(endOf({ exit: { code: 1, signal: null }, lines, ...end }), '/log', '0.34.0')

  test('is told by its error and the causes of it', () => {
    const failure = failureOf(['starting', 'Error: failed to load tokenizer', '', 'Caused by:', '    0: no such file'])
    assert.equal(failure.message, 'vllm-rs ended with code 1: failed to load tokenizer: no such file')
  })

  test('names the version when it refuses an argument', () => {
    const failure = failureOf(["error: unexpected argument '--num-warmups' found", '', 'Usage: vllm-rs bench serve'])
    assert.match(failure.message, /vllm-rs 0\.34\.0 refuses its arguments: unexpected argument '--num-warmups'/)
    assert.equal(failure.remedy, 'Use vllm-rs 0.33, or correct generator.args.')
  })

  test('says the signal that killed it, and why Fulcrum ended it', () => {
    assert.match(failureOf([], { exit: { code: null, signal: 'SIGKILL' } }).message, /SIGKILL: it said nothing/)
    assert.match(failureOf([], { exit: null, gaveUp: 'it hung' }).message, /ended without a result: it hung/)
  })
})
