import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import type { FoundFile } from '../../../src/generators/import/format.ts'
import { importFormats } from '../../../src/generators/import/formats.ts'
import { parsePythonJson } from '../../../src/generators/import/read.ts'
import { observed } from '../../../src/metrics/observed.ts'

const formats = await Promise.all(importFormats.map(async ({ name, load }) => ({ name, format: await load() })))
const modifiedAt = new Date('2026-08-20T12:00:00Z')

/** A sample as if it stood at a path; `change` edits it first. */
function sample(
  name: string,
  path = name,
  change: (value: Record<string, unknown>) => unknown = value => value,
): FoundFile {
  const text = readFileSync(join(import.meta.dirname, 'samples', name), 'utf8')
  const { value, notNumbers } = name.endsWith('.json') ? parsePythonJson(text) : { value: parse(text), notNumbers: 0 }
  return { path, value: change(value as Record<string, unknown>), notNumbers, modifiedAt }
}

function read(file: FoundFile, ...others: readonly FoundFile[]) {
  const found = formats.find(({ format }) => format.isOf(file))
  assert.ok(found !== undefined, `no format knows ${file.path}`)
  const { results, refused } = found.format.read(file, new Map([file, ...others].map(one => [one.path, one])))
  return { format: found.name, results, refused, first: results[0] }
}

const near = (got: number | null | undefined, expected: number, why?: string) =>
  assert.ok(Math.abs((got ?? Number.NaN) - expected) <= 1e-9 * Math.abs(expected), `${why ?? ''} ${got} ${expected}`)

describe('a result of vllm bench serve', () => {
  test('in Rust, with records, has whole distributions of its requests', () => {
    const file = sample('vllm-rs-answered.json')
    const own = file.value as { [name: string]: number }
    const { format, first } = read(file)
    assert.equal(format, 'vllm-bench')
    const m = first?.measurement
    assert.deepEqual(first?.asked.level, { kind: 'concurrency', concurrency: 2 })
    assert.deepEqual(m?.requests, { sent: 6, completed: 6, failed: 0 })
    near(m?.ttftMs?.mean, own.mean_ttft_ms ?? 0)
    near(m?.requestLatencyMs?.mean, own.mean_e2el_ms ?? 0)
    near(m?.itlMs?.mean, own.mean_tpot_ms ?? 0)
    assert.equal(typeof m?.ttftMs?.p25, 'number')
    assert.deepEqual([m?.isl?.mean, m?.osl?.mean, first?.asked.api], [8, 8, 'chat'])
  })

  test('in Python, without records, has what its summary says and nothing else', () => {
    const { first } = read(sample('vllm-python-summary.json'))
    const m = first?.measurement
    assert.deepEqual([m?.ttftMs?.p50, m?.ttftMs?.p95, m?.ttftMs?.p99, m?.ttftMs?.p25], [291.4, 520, 2077.6, null])
    near(m?.outputTokensPerSPerUser?.mean, 1000 / 34.5)
    near(m?.outputTokensPerSPerUser?.p5, 1000 / 40)
    assert.deepEqual(m?.requests, { sent: 160, completed: 158, failed: 2 })
    assert.deepEqual([m?.isl?.mean, m?.osl?.mean, m?.isl?.p50], [1024, 128, null])
    near(m?.inputTokensPerS, 161_792 / 50)
  })

  test('at a rate is an open loop with its arrivals and its limit', () => {
    const of = (burstiness: number) =>
      read(sample('vllm-python-summary.json', 'r.json', value => ({ ...value, request_rate: 4, burstiness }))).first
        ?.asked.level
    assert.deepEqual(of(1), { kind: 'rate', requestsPerS: 4, arrivals: { kind: 'poisson' }, maxConcurrency: 16 })
    assert.deepEqual(of(0.5), {
      kind: 'rate',
      requestsPerS: 4,
      arrivals: { kind: 'gamma', burstiness: 0.5 },
      maxConcurrency: 16,
    })
  })

  test('whose requests all failed is kept as failed, with the reason and without figures', () => {
    const { first } = read(sample('vllm-rs-all-refused.json'))
    assert.equal(first?.allFailed, true)
    const m = first.measurement
    assert.deepEqual([m.requests.completed, m.requests.failed, m.ttftMs, m.itlMs, m.isl], [0, 6, null, null, null])
    assert.match(m.errors[0]?.example ?? '', /HTTP 500/)
  })

  test('of several turns, or of another layout, is refused by name', () => {
    assert.throws(() => read(sample('vllm-python-summary.json', 'm.json', v => ({ ...v, mode: 'multi_turn' }))), {
      code: 'summary-unreadable',
      message: /mode multi_turn\): a multi-turn result/,
    })
    assert.throws(() => read(sample('vllm-python-summary.json', 'm.json', v => ({ ...v, completed: undefined }))), {
      message: /vllm bench serve \(it names no version\): completed is missing/,
    })
  })
})

describe('an aggregate of InferenceX', () => {
  const aggregate = sample('inferencex-agg_bmk.json', 'agg_bmk.json')
  const { format, results, refused } = read(aggregate)
  const rows = aggregate.value as readonly { [name: string]: number }[]

  test('gives a point for each row, and tells the rows that it can’t be', () => {
    assert.equal(format, 'inferencex')
    assert.equal(results.length, 12)
    assert.deepEqual(refused.length, 1)
    assert.match(refused[0] ?? '', /row 13: .*agentic traces/)
  })

  test('has throughput of all GPUs, of one node and of prefill and decode', () => {
    const [single] = results
    near(single?.measurement.outputTokensPerS, 78.4 * 8)
    near(single?.measurement.inputTokensPerS, (157 - 78.4) * 8)
    assert.deepEqual(single?.deployment?.topology, { kind: 'aggregated', workers: 1 })
    const pair = results[8]
    assert.deepEqual(pair?.deployment?.topology, { kind: 'disaggregated', prefill: 2, decode: 1 })
    assert.deepEqual(pair.deployment?.gpusPerWorker, { prefill: 4, decode: 8, aggregated: 0 })
    near(pair.measurement.outputTokensPerS, 14_950)
    near(pair.measurement.inputTokensPerS, 30_000 - 14_950)
  })

  test('has latencies in ms, and the speed that InferenceX publishes as interactivity', () => {
    for (const [index, row] of rows.slice(0, 11).entries()) {
      const m = results[index]?.measurement
      near(m?.outputTokensPerSPerUser?.mean, row.mean_intvty ?? 0)
      near(m?.outputTokensPerSPerUser?.p50, row.median_intvty ?? 0)
      near(m?.ttftMs?.p50, (row.median_ttft ?? 0) * 1000)
      assert.equal(m?.ttftMs?.p95, null)
    }
  })

  test('counts no requests: they are unknown, not zero', () => {
    const m = results[0]?.measurement
    assert.ok(m !== undefined)
    assert.deepEqual(observed(m).requests, { sent: null, completed: null, failed: null })
    assert.deepEqual([m.isl, m.osl, m.requestsPerS], [null, null, null])
  })

  test('keeps a failed run as failed', () => {
    const failed = results.at(-1)
    assert.deepEqual([failed?.allFailed, failed?.measurement.requests.completed], [true, 0])
  })

  test('of an unknown schema is refused by its version', () => {
    const file = sample('inferencex-agg_bmk.json', 'x.json', value => [
      { ...(value as unknown as object[])[0], result_schema_version: 9 },
    ])
    assert.match(read(file).refused[0] ?? '', /InferenceX, schema 9: its layout is another one/)
  })
})

describe('sa-bench’s results of srt-slurm', () => {
  const path = '3667/logs/sa-bench_isl1024_osl128/results_concurrency_64_gpus_20_ctx_4_gen_16.json'
  const result = (to = path) => sample('srt-slurm-results_concurrency_64_gpus_20_ctx_4_gen_16.json', to)
  const job = (change = (v: Record<string, unknown>): unknown => v) =>
    sample('srt-slurm-3667.json', '3667/3667.json', change)

  test('have the workers and GPUs of the job’s metadata', () => {
    const { format, first } = read(result(), job())
    assert.equal(format, 'srt-slurm')
    assert.deepEqual(first?.deployment?.topology, { kind: 'disaggregated', prefill: 1, decode: 2 })
    assert.deepEqual(first.deployment?.gpusPerWorker, { prefill: 4, decode: 8, aggregated: 0 })
    assert.deepEqual(
      [first.asked.isl, first.asked.osl, first.asked.level],
      [1024, 128, { kind: 'concurrency', concurrency: 64 }],
    )
    assert.deepEqual(first.deployment?.settings, { hardware: 'gb200', framework: 'trtllm', precision: 'fp4' })
  })

  test('that disagree with their name in GPUs are told', () => {
    const { first } = read(result(path.replace('gpus_20', 'gpus_16')), job())
    assert.ok(
      first?.measurement.remarks?.some(({ message }) => /its name says 16 GPUs, the job’s metadata 20/.test(message)),
    )
  })

  test('without metadata don’t say their deployment, and other metadata is refused by version', () => {
    assert.equal(read(result()).first?.deployment, null)
    assert.throws(
      () =>
        read(
          result(),
          job(v => ({ ...v, version: '3.0' })),
        ),
      { message: /3667\/3667\.json, version 3\.0/ },
    )
  })
})

describe('a report of GuideLLM 0.8', () => {
  test('gives a point for each benchmark, with totals over its duration', () => {
    const { format, first } = read(sample('guidellm-ok.json'))
    assert.equal(format, 'guidellm')
    const m = first?.measurement
    assert.deepEqual([m?.generator.version, m?.requests.completed, m?.requests.failed], ['0.8.1', 12, 0])
    assert.deepEqual(
      [first?.asked.isl, first?.asked.osl, first?.asked.level],
      [128, 8, { kind: 'concurrency', concurrency: 2 }],
    )
    near(m?.requestsPerS, 12 / (m?.durationS ?? 0))
    near(m?.outputTokensPerS, 96 / (m?.durationS ?? 0))
    assert.equal(typeof m?.ttftMs?.p5, 'number')
    assert.ok((m?.requestLatencyMs?.mean ?? 0) > (m?.ttftMs?.mean ?? 0))
  })

  test('counts failed requests with the reason; all failed is kept as failed without figures', () => {
    const some = read(sample('guidellm-some.json')).first?.measurement
    assert.ok((some?.requests.failed ?? 0) > 0 && (some?.requests.completed ?? 0) > 0)
    const { first } = read(sample('guidellm-fail.json'))
    assert.equal(first?.allFailed, true)
    assert.deepEqual([first.measurement.ttftMs, first.measurement.outputTokensPerS], [null, null])
    assert.match(first.measurement.errors[0]?.example ?? '', /500 Internal Server Error/)
  })

  test('of another version is refused by it', () => {
    const of = (version: number) =>
      sample('guidellm-ok.json', 'g.json', v => ({ ...v, metadata: { version, guidellm_version: '0.3.0' } }))
    assert.throws(() => read(of(1)), { message: /GuideLLM 0\.3\.0, report version 1/ })
  })
})

describe('a stage of inference-perf', () => {
  const config = sample('inference-perf-config.yaml', 'r/config.yaml')

  test('has its rate, its lengths from the configuration, and its percentiles', () => {
    const { format, first } = read(
      sample('inference-perf-stage_0_lifecycle_metrics.json', 'r/stage_0_lifecycle_metrics.json'),
      config,
    )
    assert.equal(format, 'inference-perf')
    assert.deepEqual([first?.asked.model, first?.asked.isl, first?.asked.osl], ['meta-llama/Llama-3.1-8B', 200, 64])
    assert.deepEqual(first?.asked.level, { kind: 'rate', requestsPerS: 5, arrivals: { kind: 'constant' } })
    const m = first.measurement
    near(m.ttftMs?.p95, 33 * 1.2)
    near(m.itlMs?.mean, 3.5)
    assert.deepEqual([m.ttftMs?.stddev, m.durationS], [null, 60])
    assert.deepEqual([m.requests.failed, m.errors[0]?.kind, m.errors[0]?.count], [3, 'timeout', 3])
  })

  test('in which all requests failed is kept as failed', () => {
    const { first } = read(
      sample('inference-perf-stage_1_lifecycle_metrics.json', 'r/stage_1_lifecycle_metrics.json'),
      config,
    )
    assert.deepEqual(
      [first?.allFailed, first?.measurement.ttftMs, first?.measurement.outputTokensPerS],
      [true, null, null],
    )
  })
})

describe('a stage of the real inference-perf 0.7', () => {
  test('has its concurrency, the lengths that the server counted, and its failures', () => {
    const { first } = read(
      sample('inference-perf-0.7-stage_0_lifecycle_metrics.json', 'r/stage_0_lifecycle_metrics.json'),
      sample('inference-perf-0.7-config.yaml', 'r/config.yaml'),
    )
    assert.deepEqual(
      [first?.asked.level, first?.asked.api, first?.asked.model],
      [{ kind: 'concurrency', concurrency: 2 }, 'completions', 'nvidia/DeepSeek-R1-FP4'],
    )
    const m = first?.measurement
    // Its tokenizer counts 7 tokens in an answer of 8.
    assert.deepEqual([m?.isl?.mean, m?.osl?.mean, m?.totals.outputTokens], [100, 8, 64])
    assert.deepEqual(
      [m?.requests, m?.errors],
      [
        { sent: 10, completed: 8, failed: 2 },
        [{ kind: 'http-status', count: 2, example: '500 - Internal Server Error' }],
      ],
    )
  })
})

describe('a report of llm-d-benchmark', () => {
  const report = (change = (v: Record<string, unknown>): unknown => v) =>
    sample('llm-d-benchmark_report_v0.2.yaml', 'benchmark_report_v0.2.yaml', change)

  test('has its stack’s workers, and figures in the units that it states', () => {
    const { format, first } = read(report())
    assert.equal(format, 'llm-d-benchmark')
    assert.deepEqual(first?.deployment?.topology, { kind: 'disaggregated', prefill: 2, decode: 1 })
    assert.deepEqual(first.deployment?.gpusPerWorker, { prefill: 1, decode: 4, aggregated: 0 })
    const m = first.measurement
    near(m.ttftMs?.mean, 36)
    near(m.itlMs?.mean, 8)
    near(m.inputTokensPerS, 9900)
    assert.deepEqual(
      [m.requests.completed, m.requests.failed, m.requestLatencyMs?.p95, m.durationS],
      [495, 5, null, 50],
    )
    assert.deepEqual(first.asked.level, { kind: 'rate', requestsPerS: 10, arrivals: { kind: 'constant' } })
    assert.deepEqual([first.program, m.generator.version], ['inference-perf', '0.3.0'])
  })

  test('of version 0.1 is refused by it', () => {
    assert.throws(() => read(report(v => ({ ...v, version: '0.1' }))), {
      message: /llm-d-benchmark, report version 0\.1/,
    })
  })
})
