import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readGenaiPerfSummary } from '../../../src/generators/genai-perf/import.ts'
import { contradictions } from '../../../src/generators/import/contradictions.ts'
import { readBenchServe } from '../../../src/generators/import/formats/vllm-bench-serve.ts'

const jsonOf = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8'))
const summary = jsonOf('samples/vllm-python-summary.json')

/** The findings on a result of `vllm bench serve` with other figures. */
function found(changed: Record<string, unknown>): readonly string[] {
  const value = { ...summary, ...changed }
  const file = { path: 'r.json', value, notNumbers: 0, modifiedAt: new Date(0) }
  return contradictions(readBenchServe(file, 'vllm-bench').measurement).map(
    ({ severity, code, message }) => `${severity} ${code} ${message}`,
  )
}

describe('a summary that contradicts itself is invalid:', () => {
  test('never one that a program wrote', () => assert.deepEqual(found({}), []))

  for (const [what, changed, says] of [
    ['a percentile below a lower one', { p95_ttft_ms: 100 }, /p95 of TTFT 100 is below p50 291.4/],
    ['a negative time', { median_ttft_ms: -5 }, /p50 of TTFT -5 is negative/],
    [
      'latencies in other units',
      { mean_e2el_ms: 4.65, median_e2el_ms: 4.57, p95_e2el_ms: 6, p99_e2el_ms: 9.6 },
      /mean request latency 4.65 ms is below mean TTFT 310.5 ms/,
    ],
    ['a rate in another unit', { request_throughput: 189.6 }, /189.6 requests\/s over 50 s are not its 158 answered/],
    ['answers in no time', { duration: 0 }, /3.16 requests\/s over 0 s are not its 158 answered requests/],
  ] as const)
    test(what, () => {
      const [first = '', ...others] = found(changed)
      assert.match(first, /^invalid imported-contradictory The summary contradicts itself: /)
      assert.match(first, says)
      assert.deepEqual(others, [])
    })

  test('more answers than requests are refused, because the load is unknown', () => {
    assert.throws(() => found({ completed: 200 }), {
      code: 'summary-unreadable',
      message: /it counts 200 answered or failed requests of num_prompts 160/,
    })
  })
})

test('zeros that genai-perf writes without an answer are no latencies', () => {
  const value = jsonOf('../programs/fixtures/genai-perf-ok.profile_export_genai_perf.json')
  const zeros = Object.fromEntries(
    Object.entries(value).map(([name, metric]) => [
      name,
      typeof metric === 'object' && metric !== null && 'avg' in metric
        ? Object.fromEntries(Object.entries(metric).map(([key, at]) => [key, typeof at === 'number' ? 0 : at]))
        : metric,
    ]),
  )
  const { measurement } = readGenaiPerfSummary(zeros, new Date(0))
  assert.deepEqual([measurement.ttftMs, measurement.requestLatencyMs, measurement.isl], [null, null, null])
})
