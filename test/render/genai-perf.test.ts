import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportGenaiPerf } from '../../src/render/export/genai-perf.ts'
import { failed, syntheticRun } from './synthetic-run.ts'

const [result] = syntheticRun({ concurrencies: [16] }).results
assert.ok(result?.measurement)
const { measurement } = result
const files = exportGenaiPerf(result)
const json = JSON.parse(files['profile_export_genai_perf.json'])

test('request metrics carry unit, average, percentiles, extremes and deviation in ms', () => {
  const { ttftMs } = measurement
  assert.deepEqual(json.time_to_first_token, {
    unit: 'ms',
    avg: ttftMs?.mean,
    p1: ttftMs?.p1,
    p5: ttftMs?.p5,
    p10: ttftMs?.p10,
    p25: ttftMs?.p25,
    p50: ttftMs?.p50,
    p75: ttftMs?.p75,
    p90: ttftMs?.p90,
    p95: ttftMs?.p95,
    p99: ttftMs?.p99,
    min: ttftMs?.min,
    max: ttftMs?.max,
    std: ttftMs?.stddev,
  })
})

test('system metrics carry unit and average', () => {
  assert.deepEqual(json.request_throughput, { unit: 'requests/sec', avg: measurement.requestsPerS })
  assert.deepEqual(json.output_token_throughput, { unit: 'tokens/sec', avg: measurement.outputTokensPerS })
  assert.deepEqual(json.request_count, { unit: 'count', avg: 160 })
})

test('the input configuration names model, concurrency and lengths', () => {
  assert.deepEqual(json.input_config.model_names, ['nvidia/DeepSeek-R1-FP4'])
  assert.deepEqual(json.input_config.perf_analyzer.stimulus, { concurrency: 16 })
  assert.equal(json.input_config.input.synthetic_tokens.mean, 8000)
})

test('a metric that was not measured is left out', () => {
  const bare = exportGenaiPerf({ ...result, measurement: { ...measurement, ttftMs: null, goodputPerS: null } })
  const parsed = JSON.parse(bare['profile_export_genai_perf.json'])
  assert.equal('time_to_first_token' in parsed, false)
  assert.equal('request_goodput' in parsed, false)
})

test('the CSV has CRLF, two tables with an empty line between, and numbers with two digits and thousands commas', () => {
  const csv = files['profile_export_genai_perf.csv']
  const lines = csv.split('\r\n')
  assert.equal(csv.replaceAll('\r\n', '').includes('\n'), false)
  assert.equal(lines[0], 'Metric,avg,min,max,p99,p95,p90,p75,p50,p25,p10,p5,p1')
  assert.equal(lines[lines.indexOf('') + 1], 'Metric,Value')
  assert.ok(lines.some(line => /^Input Sequence Length \(tokens\),"8,000\.00",/.test(line)))
})

test('a point that failed counts no request', () => {
  const gone = exportGenaiPerf(failed(result, 'gone'))
  assert.deepEqual(JSON.parse(gone['profile_export_genai_perf.json']).request_count, { unit: 'count', avg: 0 })
  assert.doesNotMatch(gone['profile_export_genai_perf.csv'], /Request Throughput/)
})
