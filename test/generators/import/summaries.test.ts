import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readAiperfSummary } from '../../../src/generators/aiperf/import.ts'
import { readGenaiPerfSummary } from '../../../src/generators/genai-perf/import.ts'
import { parsePythonJson } from '../../../src/generators/import/read.ts'
import { topologyInPath } from '../../../src/generators/import/topology-in-path.ts'

/** Files that the real programs wrote. */
const recorded = async (name: string): Promise<Record<string, { avg: number; p95: number; count: number }>> =>
  JSON.parse(await readFile(join(import.meta.dirname, '../programs/fixtures', name), 'utf8'))

const asked = {
  model: 'nvidia/DeepSeek-R1-FP4',
  level: { kind: 'concurrency', concurrency: 2 },
  api: 'chat',
  streaming: true,
  isl: 128,
  osl: 8,
  requests: 10,
  warmup: 2,
  dataset: 12,
  seed: 100,
} as const

describe("genai-perf's summary", () => {
  test('is read as what was asked and what was measured', async () => {
    const json = await recorded('genai-perf-ok.profile_export_genai_perf.json')
    const read = readGenaiPerfSummary(json, new Date('2026-11-25T00:00:00Z'))
    assert.deepEqual(read.asked, asked)
    const { measurement } = read
    assert.equal(measurement.ttftMs?.p95, json.time_to_first_token?.p95)
    assert.equal(measurement.ttftMs?.count, 10)
    assert.equal(measurement.outputTokensPerS, json.output_token_throughput?.avg)
    assert.equal(measurement.outputTokensPerSPerUser?.mean, 1000 / (json.inter_token_latency?.avg ?? 0))
    // genai-perf doesn't count failures: 0 would be a claim.
    assert.deepEqual(measurement.requests, { sent: 10, completed: 10, failed: 0, isFailedKnown: false })
    assert.equal(measurement.startedAt, '2026-11-25T00:00:00.000Z')
    assert.deepEqual(measurement.deviation, { isl: 0, osl: 0 })
  })

  test('leaves unknown what it does not say, and says so', async () => {
    const json = await recorded('genai-perf-ok.profile_export_genai_perf.json')
    const { measurement } = readGenaiPerfSummary(json, new Date(0))
    assert.equal(measurement.client.cpuShare, null)
    assert.equal(measurement.interChunkMs, null)
    assert.match(measurement.remarks?.[0]?.message ?? '', /how many requests failed are not known/)
  })
})

describe("AIPerf's summary", () => {
  test('is not read if a figure is negative, or a time in another unit', async () => {
    const json = await recorded('aiperf-fifth-failed.profile_export_aiperf.json')
    const latency = json.request_latency
    for (const [changed, why] of [
      [
        { time_to_first_token: { ...latency, p95: -5 } },
        /time_to_first_token\.p95 is not as expected \(a negative number\)/,
      ],
      [{ request_latency: { ...latency, unit: 'sec' } }, /request_latency\.unit is not as expected \(not ms\)/],
      [{ inter_token_latency: { ...latency, unit: 'us' } }, /inter_token_latency\.unit is not as expected \(not ms\)/],
    ] as const)
      assert.throws(() => readAiperfSummary({ ...json, ...changed }), { code: 'summary-unreadable', message: why })
  })

  test('is read with the requests that failed', async () => {
    const json = await recorded('aiperf-fifth-failed.profile_export_aiperf.json')
    const { asked: said, measurement } = readAiperfSummary(json)
    assert.deepEqual(said, asked)
    assert.deepEqual(measurement.requests, { sent: 10, completed: 8, failed: 2 })
    assert.deepEqual(measurement.errors, [
      { kind: 'http-status', count: 2, example: '500 Internal Server Error out of memory' },
    ])
    assert.equal(measurement.interChunkMs?.count, 56)
    assert.equal(measurement.durationS, json.benchmark_duration?.avg)
    assert.equal(measurement.generator.version, '0.13.0')
  })
})

test("one program's file is not taken for the other's, nor any JSON for either", async () => {
  const genaiPerf = await recorded('genai-perf-ok.profile_export_genai_perf.json')
  const aiperf = await recorded('aiperf-ok.profile_export_aiperf.json')
  for (const json of [genaiPerf, {}, null, []]) assert.throws(() => readAiperfSummary(json))
  for (const json of [aiperf, {}, null, []]) assert.throws(() => readGenaiPerfSummary(json, new Date(0)))
})

test('a metric that lacks a statistic counts as not measured', async () => {
  const json = await recorded('aiperf-ok.profile_export_aiperf.json')
  const { p95: _, ...torn } = json.time_to_first_token ?? {}
  assert.equal(readAiperfSummary({ ...json, time_to_first_token: torn }).measurement.ttftMs, null)
})

describe('a topology in a path', () => {
  const pair = (prefill: number, decode: number) => ({ kind: 'disaggregated', prefill, decode })
  for (const [path, topology] of [
    ['a/2P1D/c16/x.json', pair(2, 1)],
    ['a/run-12p_4d-night/x.json', pair(12, 4)],
    ['prefill3-decode2/x.json', pair(3, 2)],
    ['1P1D/3P2D/x.json', pair(3, 2)],
    ['agg-x4/x.json', { kind: 'aggregated', workers: 4 }],
    ['Aggregated_2/x.json', { kind: 'aggregated', workers: 2 }],
    ['0P1D/x.json', null],
    ['http2p3dx/x.json', null],
    ['plain/concurrency16/x.json', null],
  ] as const)
    test(`${path}: ${JSON.stringify(topology)}`, () => assert.deepEqual(topologyInPath(path), topology))
})

describe('what a summary says of its run is taken at its word:', () => {
  type Changes = { readonly [key: string]: unknown }
  type Own = Changes & { readonly input_config: { readonly phases: readonly Changes[] } }
  const changed = async (change: (json: Own) => Changes): Promise<Changes> => {
    const json = (await recorded('aiperf-ok.profile_export_aiperf.json')) as unknown as Own
    return { ...json, ...change(json) }
  }

  for (const [what, change] of [
    ['cancelled', { was_cancelled: true }],
    ['incomplete', { is_complete: false }],
  ] as const)
    test(`a run that was ${what} is invalid`, async () => {
      const { measurement } = readAiperfSummary(await changed(() => change))
      const [finding] = measurement.remarks?.filter(({ severity }) => severity === 'invalid') ?? []
      assert.equal(finding?.code, 'imported-incomplete')
    })

  test('one summary of several measured phases is refused, and names their loads', async () => {
    const json = await changed(own => ({
      input_config: {
        ...own.input_config,
        phases: [
          ...own.input_config.phases,
          { name: 'b', kind: 'profiling', type: 'concurrency', requests: 200, concurrency: 64 },
        ],
      },
    }))
    assert.throws(() => readAiperfSummary(json), {
      code: 'several-phases',
      message:
        /^AIPerf 0\.13\.0, schema 1\.4: .*2 measured phases \(concurrency 2 with 10 requests, concurrency 64 with 200/,
    })
  })

  test('a phase that the figures leave out is no second one', async () => {
    const json = await changed(own => ({
      input_config: {
        ...own.input_config,
        phases: [
          ...own.input_config.phases,
          { kind: 'profiling', type: 'concurrency', concurrency: 9, exclude_from_results: true },
        ],
      },
    }))
    assert.deepEqual(readAiperfSummary(json).asked.level, { kind: 'concurrency', concurrency: 2 })
  })

  test('a run of which every request failed keeps its load level and its failures', async () => {
    const { schema_version, aiperf_version, input_config, start_time } = await changed(() => ({}))
    const read = readAiperfSummary({
      ...{ schema_version, aiperf_version, input_config, start_time },
      request_count: { unit: 'requests', avg: 0 },
      error_request_count: { unit: 'requests', avg: 10 },
      error_summary: [{ count: 10, error_details: { code: 503, type: 'x', message: 'no' } }],
    })
    assert.equal(read.allFailed, true)
    assert.deepEqual(read.asked.level, { kind: 'concurrency', concurrency: 2 })
    assert.deepEqual(read.measurement.requests, { sent: 10, completed: 0, failed: 10 })
    assert.equal(read.measurement.ttftMs, null)
  })

  test('figures that are no numbers are not known, and counted', async () => {
    const text = JSON.stringify(await changed(() => ({ inter_token_latency: { unit: 'ms', avg: 'NOT', std: 1 } })))
    const { value, notNumbers } = parsePythonJson(text.replace('"NOT"', 'NaN').replace('"std":1}', '"std":-Infinity}'))
    assert.equal(notNumbers, 2)
    const { measurement } = readAiperfSummary(value, notNumbers)
    assert.equal(measurement.itlMs, null)
    assert.ok(measurement.ttftMs !== null)
    assert.deepEqual(
      measurement.remarks?.map(({ code }) => code),
      ['imported', 'imported-not-a-number'],
    )
  })

  test('an essential figure that is no number is refused by name', async () => {
    const json = await changed(() => ({ request_latency: { unit: 'ms', avg: null } }))
    assert.throws(() => readAiperfSummary(json, 1), {
      message: /AIPerf 0\.13\.0, schema 1\.4: request_latency holds no number/,
    })
  })

  test('NaN within a text stays what it is', () => {
    const { value, notNumbers } = parsePythonJson('{"a": "NaN \\" Infinity", "b": [NaN, -Infinity, 1]}')
    assert.deepEqual([value, notNumbers], [{ a: 'NaN " Infinity', b: [null, null, 1] }, 2])
  })
})

describe('a summary of another version is refused with its version, what it lacks, and what is read', () => {
  test('of AIPerf', async () => {
    const { schema_version: _, ...json } = await recorded('aiperf-ok.profile_export_aiperf.json')
    const old = { ...json, aiperf_version: '0.3.0', input_config: { endpoint: { type: 'chat', streaming: true } } }
    assert.throws(() => readAiperfSummary(old), {
      message:
        'AIPerf 0.3.0, without a schema version: input_config.models is missing. Fulcrum reads schema 1.4, as AIPerf 0.13 writes it',
    })
    assert.throws(() => readAiperfSummary({}), { message: /^AIPerf of an unknown version, without a schema version: / })
    for (const none of [null, 1, 'text', []])
      assert.throws(() => readAiperfSummary(none), { code: 'summary-unreadable' })
  })

  test('of genai-perf', async () => {
    const json = await recorded('genai-perf-ok.profile_export_genai_perf.json')
    const old = { ...json, input_config: { model: ['llama'], endpoint_type: 'chat', concurrency: 16 } }
    assert.throws(() => readGenaiPerfSummary(old, new Date(0)), {
      message:
        /^genai-perf of an older version \(it names none\): input_config\.\S+ is missing\. Fulcrum reads the layout of genai-perf 0\.0\.16$/,
    })
    for (const none of [null, 1, 'text', []])
      assert.throws(() => readGenaiPerfSummary(none, new Date(0)), { code: 'summary-unreadable' })
  })
})
