import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readResult } from '../../../src/generators/genai-perf/result.ts'
import type { ProgramEnd } from '../../../src/generators/programs/run-program.ts'
import { figureNamed, figures } from '../../../src/metrics/figures/index.ts'
import { endOf, endWithLog, fixture, fixtureText } from '../programs/fixture.ts'
import { programPoint } from '../programs/program-point.ts'

const point = programPoint('genai-perf')

function resultOf(raw: string, json: string | null, end: ProgramEnd = endOf(), csv: string | null = null) {
  const artifacts = {
    raw: fixture(raw),
    json: json === null ? null : fixture(json),
    csv: csv === null ? null : fixture(csv),
  }
  return readResult(point, { end, artifacts, logFile: fixture('x.log'), version: '0.0.16', runFolder: fixture('') })
}

const near = (actual: number | undefined, expected: number | undefined, share: number) =>
  assert.ok(
    actual !== undefined && expected !== undefined && Math.abs(actual - expected) <= share * expected,
    `${actual} is not within ${share} of ${expected}`,
  )

describe('a measurement from a recorded run of genai-perf', () => {
  it('has no TTFO: genai-perf does not tell reasoning from the answer', async () => {
    const measured = await resultOf('genai-perf-ok.profile_export.json', 'genai-perf-ok.profile_export_genai_perf.json')
    assert.equal(measured.reasoning, undefined)
    assert.equal(figureNamed('ttfo_p95', figures)?.of(measured, point.deployment), null)
  })

  it('agrees with genai-perf’s own summary in every figure, percentiles included', async () => {
    const measured = await resultOf('genai-perf-ok.profile_export.json', 'genai-perf-ok.profile_export_genai_perf.json')
    const own = JSON.parse(await fixtureText('genai-perf-ok.profile_export_genai_perf.json')) as {
      [metric: string]: { avg: number; p95: number; std: number; p1: number }
    }
    const pairs = [
      [measured.ttftMs, own.time_to_first_token],
      [measured.ttstMs, own.time_to_second_token],
      [measured.itlMs, own.inter_token_latency],
      [measured.requestLatencyMs, own.request_latency],
    ] as const
    for (const [ours, theirs] of pairs) {
      // JSON numbers hold epoch nanoseconds to 256 ns.
      near(ours?.mean, theirs?.avg, 1e-4)
      near(ours?.p95 ?? undefined, theirs?.p95, 1e-4)
      near(ours?.p1 ?? undefined, theirs?.p1, 1e-4)
    }
    // genai-perf's mean is of 1000 / ITL; ours is tokens over time, which for answers of one length is 1000 / mean ITL.
    const speeds = [measured.outputTokensPerSPerUser, own.output_token_throughput_per_user] as const
    near(speeds[0]?.mean, 1000 / (own.inter_token_latency?.avg ?? 0), 1e-4)
    near(speeds[0]?.p95 ?? undefined, speeds[1]?.p95, 1e-4)
    near(measured.outputTokensPerS ?? Number.NaN, own.output_token_throughput?.avg, 0.01)
    assert.deepEqual(
      measured.remarks?.map(remark => remark.code),
      ['client-unknown'],
    )
  })

  it('is rescued where genai-perf crashed over its record, and says so', async () => {
    const end = await endWithLog('genai-perf-cut.genai-perf.log')
    const measured = await resultOf('genai-perf-cut.profile_export.json', null, end)
    assert.deepEqual(measured.requests, { sent: 10, completed: 10, failed: 0 })
    // Counted by the tokenizer, as there is no summary to take lengths from.
    assert.deepEqual([measured.isl?.mean, measured.osl?.mean], [128, 8])
    const crashed = measured.remarks?.find(remark => remark.code === 'genai-perf-crashed')
    assert.match(crashed?.message ?? '', /JSONDecodeError/)
  })

  it('holds genai-perf’s CSV against its JSON, and finds them to agree', async () => {
    const files = ['profile_export.json', 'profile_export_genai_perf.json', 'profile_export_genai_perf.csv']
    const [raw = '', json = '', csv = ''] = files.map(file => `genai-perf-ok.${file}`)
    const measured = await resultOf(raw, json, endOf(), csv)
    assert.deepEqual(
      measured.remarks?.map(remark => remark.code),
      ['client-unknown'],
    )
  })

  it('is checked by the CSV alone where there is no JSON', async () => {
    const csv = 'genai-perf-ok.profile_export_genai_perf.csv'
    const measured = await resultOf('genai-perf-ok.profile_export.json', null, endOf(), csv)
    assert.deepEqual(
      measured.remarks?.map(remark => remark.code),
      ['client-unknown'],
    )
    const other = await resultOf('genai-perf-cut.profile_export.json', null, endOf(), csv)
    assert.ok(other.remarks?.some(remark => remark.code === 'summary-disagrees'))
  })

  it('doesn’t claim to know how late genai-perf sent', async () => {
    const measured = await resultOf('genai-perf-ok.profile_export.json', null)
    assert.equal(measured.client.sendLatenessMs, null)
    assert.equal(measured.client.cpuShare, null)
    assert.ok((measured.client.inFlight?.max ?? 0) >= 1)
  })
})
