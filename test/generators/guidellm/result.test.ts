import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { guideLlmFailure } from '../../../src/generators/guidellm/failure.ts'
import { readGuideLlmReport } from '../../../src/generators/guidellm/report-file.ts'
import { resultOf } from '../../../src/generators/guidellm/result.ts'
import { judge, statusOf } from '../../../src/metrics/validity.ts'
import { endOf, fixtureText } from '../programs/fixture.ts'
import { programPoint } from '../programs/program-point.ts'

const point = programPoint('guidellm')
const recorded = async (name: string) => readGuideLlmReport(await fixtureText(name), name)
const measured = async (
  name: string,
  change: (report: Awaited<ReturnType<typeof recorded>>) => Partial<Awaited<ReturnType<typeof recorded>>> = () => ({}),
) => {
  const report = await recorded(name)
  return resultOf(point, {
    report: { ...report, ...change(report) },
    elapsedS: 5,
    runFolder: '/run',
    files: ['/run/points/p/report.json'],
  })
}

describe('a report of GuideLLM', () => {
  test('is measured between its warm-up and the requests that only hold the load', async () => {
    const measurement = await measured('guidellm-report.json')
    assert.equal(measurement.window, 'steady')
    assert.deepEqual(measurement.requests, { sent: 20, completed: 20, failed: 0 })
    assert.equal(measurement.warmupRequests, 4)
    assert.deepEqual([measurement.isl?.mean, measurement.osl?.mean], [100, 8])
    assert.equal(measurement.totals.outputTokens, 160)
    assert.equal(measurement.client.inFlight?.max, 2)
    assert.deepEqual(measurement.files, ['points/p/report.json'])
    const sent = (await recorded('guidellm-report.json')).successful.map(({ info }) => info.timings.request_start ?? 0)
    assert.equal(Date.parse(measurement.startedAt), Math.trunc(1000 * (sent.toSorted((a, b) => a - b)[4] ?? 0)))
    assert.deepEqual(
      measurement.remarks?.map(({ code }) => code),
      ['client-unknown'],
    )
  })

  test('has TTFT from the send to the first token, and ITL from there to the last', async () => {
    const { successful } = await recorded('guidellm-report.json')
    const { ttftMs, itlMs } = await measured('guidellm-report.json')
    const inWindow = successful
      .toSorted((a, b) => (a.info.timings.request_start ?? 0) - (b.info.timings.request_start ?? 0))
      .slice(4, 24)
    const meanOf = (of: (timings: (typeof successful)[number]['info']['timings']) => number) =>
      inWindow.reduce((sum, { info }) => sum + of(info.timings), 0) / inWindow.length
    const ttft = meanOf(t => ((t.first_token_iteration ?? 0) - (t.request_start ?? 0)) * 1000)
    const itl = meanOf(t => (((t.last_token_iteration ?? 0) - (t.first_token_iteration ?? 0)) * 1000) / 7)
    assert.ok(Math.abs((ttftMs?.mean ?? 0) - ttft) < 0.01)
    assert.ok(Math.abs((itlMs?.mean ?? 0) - itl) < 0.01)
  })

  test('counts failed requests, in the words of its client', async () => {
    const measurement = await measured('guidellm-failures.json')
    assert.deepEqual(measurement.requests, { sent: 20, completed: 16, failed: 4 })
    assert.deepEqual(
      measurement.errors.map(({ kind, count }) => [kind, count]),
      [['http-status', 4]],
    )
    assert.match(measurement.errors[0]?.example ?? '', /500 Internal Server Error/)
    assert.equal(statusOf(judge(point, measurement)), 'invalid')
  })

  test('that ended early is invalid, and one whose own figures are others than its records says so', async () => {
    const early = await measured('guidellm-report.json', ({ successful }) => ({ successful: successful.slice(0, 12) }))
    assert.equal(
      early.remarks?.some(({ code, severity }) => code === 'guidellm-cut-short' && severity === 'invalid'),
      true,
    )
    const other = await measured('guidellm-report.json', ({ own }) => ({
      own: { ...own, ttftMs: 3 * (own.ttftMs ?? 0) },
    }))
    assert.equal(
      other.remarks?.some(({ code }) => code === 'summary-disagrees'),
      true,
    )
  })

  test('of another version is measured with a warning, and another layout is refused with its place', async () => {
    const newer = await measured('guidellm-report.json', () => ({ version: '0.9.0' }))
    assert.equal(
      newer.remarks?.some(({ code }) => code === 'generator-version'),
      true,
    )
    const unreadable = { code: 'guidellm-output-unreadable', where: 'r.json' }
    assert.throws(() => readGuideLlmReport('{"metadata":', 'r.json'), unreadable)
    assert.throws(
      () => readGuideLlmReport('{"metadata":{"version":3,"guidellm_version":"1.0"},"benchmarks":[]}', 'r.json'),
      unreadable,
    )
  })
})

describe('a run of GuideLLM without a report', () => {
  const codeOf = (...lines: string[]) => guideLlmFailure(endOf({ exit: { code: 1, signal: null }, lines }), 'g.log')

  test('says what it refused, what it lacks, or what it died of', () => {
    const refused = codeOf('Usage: guidellm run [OPTIONS]', "Error: Invalid value for '--data'", '- Field required')
    assert.equal(refused.code, 'guidellm-refused')
    assert.match(refused.message, /Invalid value for '--data' - Field required/)
    const lacking = codeOf('Traceback', "ModuleNotFoundError: No module named 'torch'")
    assert.deepEqual([lacking.code, lacking.kind], ['generator-missing', 'environment'])
    assert.match(codeOf('Traceback', 'httpx.ConnectError: All connection attempts failed').message, /ConnectError/)
    assert.equal(guideLlmFailure(endOf({ gaveUp: 'no answer for 5 s' }), 'g.log').code, 'guidellm-hung')
  })
})
