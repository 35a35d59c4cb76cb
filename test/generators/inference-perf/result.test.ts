import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inferencePerfFailure } from '../../../src/generators/inference-perf/failure.ts'
import {
  type OwnFigures,
  type RecordedRequest,
  readOwnFigures,
  readRecords,
} from '../../../src/generators/inference-perf/report-files.ts'
import { resultOf } from '../../../src/generators/inference-perf/result.ts'
import { rowsOf } from '../../../src/generators/inference-perf/rows.ts'
import { judge, statusOf } from '../../../src/metrics/validity.ts'
import { endOf, fixtureText } from '../programs/fixture.ts'
import { programPoint } from '../programs/program-point.ts'

const point = programPoint('inference-perf', { api: 'completions', requests: 10, warmup: 2, dataset: 12 })

interface Recorded {
  readonly records: readonly RecordedRequest[]
  readonly own: OwnFigures
  readonly version: string
}

async function recorded(name: string): Promise<Recorded> {
  const text = (file: string) => fixtureText(`${name}.${file}_lifecycle_metrics.json`)
  return {
    records: readRecords(await text('per_request'), name),
    own: readOwnFigures(await text('summary'), name),
    version: '0.7.0',
  }
}

async function measured(name: string, change: (found: Recorded) => Partial<Recorded> = () => ({})) {
  const found = await recorded(name)
  return resultOf(point, {
    ...{ ...found, ...change(found) },
    ...{ dueMs: undefined, clockMs: 1e12, elapsedS: 5, runFolder: '/run', files: ['/run/points/p/records.json'] },
  })
}

describe('the records of inference-perf', () => {
  test('are measured between the warm-up and the requests that only hold the load', async () => {
    const measurement = await measured('inference-perf-ok')
    assert.equal(measurement.window, 'steady')
    assert.deepEqual(measurement.requests, { sent: 10, completed: 10, failed: 0 })
    assert.equal(measurement.warmupRequests, 2)
    assert.deepEqual([measurement.isl?.mean, measurement.osl?.mean], [100, 8])
    assert.deepEqual([measurement.totals.outputTokens, measurement.totals.chunks], [80, 80])
    assert.equal(measurement.client.inFlight?.max, 2)
    const third = (await recorded('inference-perf-ok')).records
      .map(({ start_time }) => start_time)
      .sort((a, b) => a - b)[2]
    assert.ok(Math.abs(Date.parse(measurement.startedAt) - (1e12 + 1000 * (third ?? 0))) < 2)
    assert.deepEqual([measurement.tokenSource, measurement.tokenCounts?.usage], ['usage', 14])
    assert.deepEqual(measurement.files, ['points/p/records.json'])
    assert.deepEqual(
      measurement.remarks?.map(({ code }) => code),
      ['client-unknown'],
    )
  })

  test('have TTFT from the send to the first chunk, and a gap between any two', async () => {
    const { records } = await recorded('inference-perf-ok')
    const { ttftMs, interChunkMs } = await measured('inference-perf-ok')
    const inWindow = records.toSorted((a, b) => a.start_time - b.start_time).slice(2, 12)
    const ttfts = inWindow.map(
      ({ start_time, info }) => ((info?.response_metrics?.chunk_times?.[0] ?? 0) - start_time) * 1000,
    )
    assert.ok(Math.abs((ttftMs?.mean ?? 0) - ttfts.reduce((sum, each) => sum + each, 0) / 10) < 0.01)
    assert.equal(interChunkMs?.count, 14 * 7)
    // The server sends a token every 5 ms.
    assert.ok((interChunkMs?.mean ?? 0) >= 4 && (interChunkMs?.mean ?? 0) < 20)
  })

  test('count failed requests, in the words of the server', async () => {
    const measurement = await measured('inference-perf-fifth-failed')
    const { sent, completed, failed } = measurement.requests
    assert.deepEqual([sent, completed + failed], [10, 10])
    assert.equal(failed, 2)
    assert.deepEqual(measurement.errors, [{ kind: 'http-status', count: 2, example: 'HTTP 500: out of memory' }])
    assert.equal(statusOf(judge(point, measurement)), 'invalid')
  })

  test('that are too few make the point invalid, and figures of its own that differ are told', async () => {
    const early = await measured('inference-perf-ok', ({ records }) => ({ records: records.slice(0, 9) }))
    assert.ok(
      early.remarks?.some(({ code, severity }) => code === 'inference-perf-cut-short' && severity === 'invalid'),
    )
    const other = await measured('inference-perf-ok', ({ own }) => ({ own: { ...own, latencyMs: 3 } }))
    assert.ok(other.remarks?.some(({ code }) => code === 'summary-disagrees'))
  })

  test('of another version come with a warning, and another layout is refused with its place', async () => {
    const newer = await measured('inference-perf-ok', () => ({ version: '0.8.0' }))
    assert.ok(newer.remarks?.some(({ code }) => code === 'generator-version'))
    const unreadable = { code: 'inference-perf-output-unreadable', where: 'r.json' }
    assert.throws(() => readRecords('[{"start_time":', 'r.json'), unreadable)
    assert.throws(() => readRecords('[{"start":1}]', 'r.json'), unreadable)
    assert.throws(() => readOwnFigures('{}', 'r.json'), unreadable)
  })

  test('tell from their mean delay when each request was due', () => {
    const due = [0, 100, 250, 300]
    const lateMs = [3, 0, 5, 40]
    const records = due.map((at, index) => {
      const start_time = 7 + (at + (lateMs[index] ?? 0)) / 1000
      return { start_time, end_time: start_time + 1, info: null, error: null }
    })
    const { rows } = rowsOf(records, { ms: Float64Array.from(due), meanDelayMs: 12 })
    assert.deepEqual(
      rows.map(({ scheduledMs, sentMs }) => [Math.round(scheduledMs), Math.round(sentMs - scheduledMs)]),
      due.map((at, index) => [7000 + at, lateMs[index]]),
    )
  })
})

describe('a run of inference-perf without records', () => {
  const failureOf = (...lines: string[]) =>
    inferencePerfFailure(endOf({ exit: { code: 1, signal: null }, lines }), 'i.log')

  test('says what it refused, what it lacks, or what it died of', () => {
    const refused = failureOf(
      'Traceback (most recent call last):',
      'pydantic_core._pydantic_core.ValidationError: 1 validation error for Config',
      'load.stages.0.rate',
      '  Input should be greater than 0 [type=greater_than, input_value=0]',
    )
    assert.equal(refused.code, 'inference-perf-refused')
    assert.match(refused.message, /configuration: load\.stages\.0\.rate Input should be greater than 0/)
    const argument = failureOf('inference-perf: error: unrecognized arguments: --fast')
    assert.match(argument.message, /unrecognized arguments: --fast/)
    const lacking = failureOf('Traceback', "ModuleNotFoundError: No module named 'uvloop'")
    assert.deepEqual([lacking.code, lacking.kind], ['generator-missing', 'environment'])
    assert.match(failureOf('Traceback', 'Exception: Tokenizer initialization failed').message, /code 1: Exception: Tok/)
    assert.equal(inferencePerfFailure(endOf({ gaveUp: 'no answer for 5 s' }), 'i.log').code, 'inference-perf-hung')
  })
})
