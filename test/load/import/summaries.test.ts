import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readAiperfSummary } from '../../../src/load/import/aiperf.ts'
import { readGenaiPerfSummary } from '../../../src/load/import/genai-perf.ts'
import { topologyInPath } from '../../../src/load/import/topology-in-path.ts'

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
