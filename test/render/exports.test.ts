import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { readAiperfSummary } from '../../src/generators/aiperf/import.ts'
import { readGenaiPerfSummary } from '../../src/generators/genai-perf/import.ts'
import { exportAiperf } from '../../src/render/export/aiperf.ts'
import { exportGenaiPerf } from '../../src/render/export/genai-perf.ts'
import { openMetrics } from '../../src/render/export/openmetrics.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from './synthetic-run.ts'

const run = syntheticRun({ topologies: [aggregated(2), disaggregated(2, 1)], concurrencies: [16] })
const [first] = run.results
assert.ok(first?.measurement)

test("an AIPerf export is read back as it was, with the deployment that AIPerf doesn't know", () => {
  for (const result of run.results) {
    const read = readAiperfSummary(JSON.parse(exportAiperf(result)['profile_export_aiperf.json']))
    const { measurement, point } = result
    for (const name of [
      'ttftMs',
      'ttstMs',
      'itlMs',
      'interChunkMs',
      'requestLatencyMs',
      'isl',
      'osl',
      'requestsPerS',
      'outputTokensPerS',
      'goodputPerS',
      'durationS',
      'startedAt',
      'requests',
    ] as const)
      assert.deepEqual(read.measurement[name], measurement?.[name], name)
    assert.deepEqual(read.deployment, { topology: point.deployment.topology, gpusPerWorker: 4 })
    assert.deepEqual(read.asked.level, point.load.level)
  }
})

test('a genai-perf export is read back as it was', () => {
  for (const result of run.results) {
    const json = JSON.parse(exportGenaiPerf(result)['profile_export_genai_perf.json'])
    const read = readGenaiPerfSummary(json, new Date(0))
    for (const name of [
      'ttftMs',
      'itlMs',
      'requestLatencyMs',
      'outputTokensPerSPerUser',
      'requestsPerS',
      'outputTokensPerS',
    ] as const)
      assert.deepEqual(read.measurement[name], result.measurement?.[name], name)
    assert.deepEqual(read.deployment?.topology, result.point.deployment.topology)
  }
})

test('a point that failed is an AIPerf summary of no request, with the reason', () => {
  const summary = JSON.parse(exportAiperf(failed(first, 'gone'))['profile_export_aiperf.json'])
  assert.deepEqual(
    [summary.request_count.avg, summary.is_complete, summary.error_summary[0].error_details.message],
    [0, false, 'gone'],
  )
})

test('OpenMetrics text has one family a figure, one sample a valid point, times in seconds, and its end', () => {
  const mixed = syntheticRun({
    sweep: 'a "b"\\c\nd',
    topologies: [aggregated(2), disaggregated(2, 1)],
    concurrencies: [16],
    change: (result, i) => (i === 1 ? invalid(result) : result),
  })
  const text = openMetrics(mixed)
  const lines = text.split('\n')
  assert.ok(text.endsWith('\n# EOF\n'))
  const [point] = analyse(mixed).points
  const samples = lines.filter(line => line.startsWith('fulcrum_ttft_p95_seconds{'))
  assert.equal(samples.length, 3)
  assert.equal(Number(samples[0]?.split(' ').at(-1)), (point?.figures.ttft_p95_ms?.mean ?? 0) / 1000)
  assert.ok(samples[0]?.includes('sweep="a \\"b\\"\\\\c\\nd"'))
  const families = lines.filter(line => line.startsWith('# TYPE ')).map(line => line.split(' ')[2])
  assert.equal(new Set(families).size, families.length)
  for (const line of lines.filter(line => line.startsWith('# UNIT ')))
    assert.ok(line.split(' ')[2]?.endsWith(`_${line.split(' ')[3]}`), line)
  assert.ok(lines.includes('fulcrum_results{sweep="a \\"b\\"\\\\c\\nd",status="invalid"} 1'))
})

test('OpenMetrics text keeps the status and the failed requests of points that have no figures', () => {
  const [ok, other] = syntheticRun({ topologies: [aggregated(2), disaggregated(2, 1)], concurrencies: [16] }).results
  assert.ok(ok?.measurement && other?.measurement)
  const requests = { ...other.measurement.requests, failed: 7 }
  const page = openMetrics(runOf([ok, invalid({ ...other, measurement: { ...other.measurement, requests } })]))
  const { samples, unread } = parseExposition(page)
  const of = (name: string) => samples.filter(sample => sample.name === name)
  assert.deepEqual(
    of('fulcrum_point_results').map(({ labels, value }) => [labels.deployment, labels.status, value]),
    [
      ['agg x2', 'ok', 1],
      ['2P1D', 'invalid', 1],
    ],
  )
  assert.deepEqual(
    of('fulcrum_point_failed_requests').map(({ value }) => value),
    [0, 7],
  )
  assert.equal(unread.count, 0)
})
