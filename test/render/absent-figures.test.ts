import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import type { ObservedMeasurement } from '../../src/metrics/observed.ts'
import { exportAiperf } from '../../src/render/export/aiperf.ts'
import { exportGenaiPerf } from '../../src/render/export/genai-perf.ts'
import { runJson } from '../../src/render/export/json.ts'
import { openMetrics } from '../../src/render/export/openmetrics.ts'
import { pointsParquet } from '../../src/render/export/parquet.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { parseCsv } from './parse-csv.ts'
import { disaggregated, syntheticRun } from './synthetic-run.ts'

/** Answers that were not streamed and had no usage: neither TTFT nor ITL, no tokens. */
const absent = {
  ttftMs: null,
  ttstMs: null,
  itlMs: null,
  interChunkMs: null,
  isl: null,
  osl: null,
  outputTokensPerSPerUser: null,
  prefillTokensPerSPerUser: null,
  goodputPerS: null,
  outputTokensPerS: 0,
  inputTokensPerS: 0,
} satisfies Partial<Measurement>

const withChange = (result: PointResult, change: Partial<Measurement>): PointResult => ({
  ...result,
  measurement: result.measurement === null ? null : { ...result.measurement, ...change },
})
const lacks = (result: PointResult) =>
  result.point.load.level.kind === 'concurrency' && result.point.load.level.concurrency === 4
const options = { topologies: [disaggregated(1, 1)], workloads: [[1000, 100]], concurrencies: [4, 16, 64] } as const
const run = syntheticRun({ ...options, change: result => (lacks(result) ? withChange(result, absent) : result) })
const whole = syntheticRun(options)
const lacking = run.results.find(lacks)
assert.ok(lacking !== undefined)
const id = lacking.point.id

/** Results as the JSON export has them. */
const jsonOf = (
  of: Run,
): readonly (Omit<PointResult, 'measurement'> & { measurement: ObservedMeasurement | null })[] => {
  const lines = of.results.map((result, seq) => ({ seq, at: '2026-01-01T00:00:00.000Z', event: event(result) }))
  return JSON.parse(runJson({ ...of, lines })).lines.map(
    ({ event: { result } }: { event: { result: never } }) => result,
  )
}
const event = (result: PointResult) => ({ type: 'point', result, elapsedS: 1 }) as const

/** Columns that the absent figures decide. */
const columns =
  /^(ttft|itl|ttst)_|_measured$|^output_tokens_per_s|^input_tokens_per_s|^goodput$|^output_tokens_per_s_per_/
const names = Object.keys(parseCsv(pointsCsv(run))[0] ?? {}).filter(name => columns.test(name))

describe('a figure that can’t be told', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-absent-'))
    await writeReport(run, join(folder, 'lacking'))
    await writeReport(whole, join(folder, 'whole'))
  })
  after(() => rm(folder, { recursive: true, force: true }))
  const report = (name: string, of = 'lacking') => readFile(join(folder, of, name), 'utf8')

  test('is empty in CSV', () => {
    const row = parseCsv(pointsCsv(run)).find(({ point_id }) => point_id === id)
    assert.ok(names.length >= 16)
    for (const name of names) assert.equal(row?.[name], '', name)
  })

  test('is null in Parquet', async () => {
    const rows = await parquetReadObjects({ file: pointsParquet(run).buffer as ArrayBuffer })
    const row = rows.find(({ point_id }) => point_id === id)
    for (const name of names) assert.equal(row?.[name] ?? null, null, name)
  })

  test('is null in JSON, also where the journal of an older run has a 0', () => {
    const measurement = jsonOf(run).find(({ point }) => point.id === id)?.measurement
    for (const name of Object.keys(absent) as (keyof typeof absent)[]) assert.equal(measurement?.[name], null, name)
    assert.deepEqual([measurement?.totals.inputTokens, measurement?.totals.outputTokens], [null, null])
  })

  test('has no sample in OpenMetrics', () => {
    const samples = openMetrics(run)
      .split('\n')
      .filter(line => line.includes('load="concurrency 4"'))
    assert.ok(samples.length > 0)
    for (const line of samples)
      assert.match(line, /^fulcrum_(request_(latency|throughput)_|point_(results|failed_requests)\{)/)
  })

  test('is left out of genai-perf’s and AIPerf’s layouts', () => {
    const { 'profile_export_genai_perf.json': json, 'profile_export_genai_perf.csv': csv } = exportGenaiPerf(lacking)
    const aiperf = exportAiperf(lacking)['profile_export_aiperf.json']
    for (const text of [json, aiperf])
      for (const key of Object.keys(JSON.parse(text) as object))
        assert.doesNotMatch(key, /token|sequence|goodput|chunk/, `${key} is there`)
    assert.doesNotMatch(csv, /Token|Sequence|Goodput/)
  })

  test('is a dash in Markdown, and no mark in any chart', async () => {
    const summary = await report('summary.md')
    assert.doesNotMatch(summary, /\b0(\.0+)? (ms|tokens)/)
    const marks = (svg: string) => svg.split('aria-roledescription="point"').length
    for (const chart of ['frontier-1000-100', 'ttft-concurrency-1000-100', 'itl-concurrency-1000-100']) {
      const [some, all] = [await report(`${chart}.svg`), await report(`${chart}.svg`, 'whole')]
      assert.equal(marks(some), marks(all) - 1, chart)
    }
  })

  test('is no number on the page', async () => {
    const page = await report('index.html')
    const rows = page.split('<tr').filter(row => row.includes('<td>concurrency 4</td>'))
    assert.ok(rows.length > 0)
    for (const row of rows) {
      assert.doesNotMatch(row, />0(\.0+)?( ms)?<|data-v="0"/)
      assert.match(row, />–</)
    }
  })
})

describe('rates', () => {
  test('can’t be told where no time passed', () => {
    const still = syntheticRun({ ...options, change: result => withChange(result, { durationS: 0, requestsPerS: 0 }) })
    const [row] = parseCsv(pointsCsv(still))
    assert.deepEqual([row?.duration_s, row?.request_throughput, row?.output_tokens_per_s_per_gpu], ['', '', ''])
    const measurement = jsonOf(still)[0]?.measurement
    assert.deepEqual(
      [measurement?.durationS, measurement?.requestsPerS, measurement?.outputTokensPerS, measurement?.goodputPerS],
      [null, null, null, null],
    )
  })

  test('can’t be told where nothing was answered, whose requests are counted all the same', () => {
    const none = syntheticRun({
      ...options,
      change: result =>
        withChange(result, { ...absent, requests: { sent: 9, completed: 0, failed: 9 }, requestsPerS: 0 }),
    })
    const [row] = parseCsv(pointsCsv(none))
    assert.deepEqual([row?.errors, row?.request_throughput, row?.output_tokens_per_s], ['9', '', ''])
    const measurement = jsonOf(none)[0]?.measurement
    assert.deepEqual([measurement?.requestsPerS, measurement?.outputTokensPerS], [null, null])
  })
})

test('failures that a summary doesn’t count are empty, and so are the requests that were sent', () => {
  const unknown = syntheticRun({
    ...options,
    change: result => withChange(result, { requests: { sent: 40, completed: 40, failed: 0, isFailedKnown: false } }),
  })
  const [row] = parseCsv(pointsCsv(unknown))
  assert.deepEqual([row?.requests, row?.errors, row?.completed], ['', '', '40'])
  assert.deepEqual(jsonOf(unknown)[0]?.measurement?.requests, { sent: null, completed: 40, failed: null })
})

describe('a rate of a point without answers', () => {
  /** As generators and older journals sum up a point whose every request failed. */
  const unanswered = {
    ...absent,
    requests: { sent: 20, completed: 0, failed: 20 },
    requestsPerS: 0,
    goodputPerS: 0,
  } satisfies Partial<Measurement>
  const dead = syntheticRun({
    ...options,
    change: result => (lacks(result) ? { ...withChange(result, unanswered), status: 'invalid' } : result),
  })
  const rates = ['requestsPerS', 'outputTokensPerS', 'inputTokensPerS', 'goodputPerS'] as const

  test('is null in JSON, and its counts stay', () => {
    const measurement = jsonOf(dead).find(({ point }) => point.id === id)?.measurement
    for (const rate of rates) assert.equal(measurement?.[rate], null, rate)
    assert.deepEqual(measurement?.requests, { sent: 20, completed: 0, failed: 20 })
  })

  test('is empty in CSV and null in Parquet', async () => {
    const row = parseCsv(pointsCsv(dead)).find(({ point_id }) => point_id === id)
    const typed = (await parquetReadObjects({ file: new Uint8Array(pointsParquet(dead)).buffer })).find(
      each => each.point_id === id,
    )
    for (const name of ['request_throughput', 'goodput', 'input_tokens_per_s', ...names.filter(n => /per_s/.test(n))]) {
      assert.equal(row?.[name], '', name)
      assert.equal(typed?.[name] ?? null, null, name)
    }
  })
})
