import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readOwnFigures } from '../../../src/generators/aiperf/own-figures.ts'
import { readRawRequests } from '../../../src/generators/aiperf/raw-requests.ts'
import { resultOf } from '../../../src/generators/aiperf/result.ts'
import { judge, statusOf } from '../../../src/metrics/validity.ts'
import type { Load } from '../../../src/model/index.ts'
import { endOf, fixture, fixtureText } from '../programs/fixture.ts'
import { programPoint } from '../programs/program-point.ts'

async function measured(name: string, load: Partial<Load> = {}, end = endOf()) {
  const requests = await readRawRequests(fixture(`${name}.profile_export.jsonl`))
  const summary = await fixtureText(`${name}.profile_export_aiperf.json`).catch(() => '')
  const point = programPoint('aiperf', { requests: 10, ...load })
  const own = readOwnFigures(summary)
  return {
    point,
    own,
    measurement: resultOf(point, { end, requests, own, version: '0.13.0', runFolder: '/', files: [] }),
  }
}

const codes = (findings: readonly { readonly code: string }[] | undefined) => findings?.map(finding => finding.code)

describe('a measurement from a recorded run of AIPerf', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-aiperf-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('agrees with AIPerf’s own summary', async () => {
    const { own, measurement } = await measured('aiperf-ok')
    const near = (ours: number | undefined, theirs: number | undefined) =>
      assert.ok(Math.abs((ours ?? Number.NaN) - (theirs ?? Number.NaN)) < 0.001, `${ours} is not ${theirs}`)
    near(measurement.ttftMs?.mean, own?.time_to_first_token?.avg)
    near(measurement.ttstMs?.mean, own?.time_to_second_token?.avg)
    near(measurement.itlMs?.mean, own?.inter_token_latency?.avg)
    near(measurement.requestLatencyMs?.mean, own?.request_latency?.avg)
    assert.deepEqual(codes(measurement.remarks), ['client-unknown'])
  })

  it('leaves warm-up out', async () => {
    const { measurement } = await measured('aiperf-ok')
    assert.deepEqual(measurement.requests, { sent: 10, completed: 10, failed: 0 })
  })

  it('has the failed requests that AIPerf exits with 0 over, and is invalid for them', async () => {
    const { point, measurement } = await measured('aiperf-fifth-failed')
    assert.equal(measurement.requests.failed, 2)
    assert.equal(measurement.errors[0]?.kind, 'http-status')
    assert.match(measurement.errors[0]?.example ?? '', /^HTTP 500.*out of memory/)
    assert.equal(statusOf(judge(point, measurement)), 'invalid')
  })

  it('is there also when every request failed and AIPerf wrote no summary', async () => {
    const { own, measurement } = await measured('aiperf-all-reset')
    assert.equal(own, null)
    assert.deepEqual(measurement.requests, { sent: 10, completed: 0, failed: 10 })
    assert.deepEqual(codes(measurement.errors.map(({ kind }) => ({ code: kind }))), ['broken-stream'])
  })

  it('knows how late AIPerf sent: from the credit that released a request to its start', async () => {
    const { measurement } = await measured('aiperf-ok')
    assert.equal(measurement.client.sendLatenessMs?.count, 10)
    assert.ok((measurement.client.sendLatenessMs?.min ?? -1) >= 0)
    assert.equal(measurement.client.cpuShare, null)
  })

  it('is invalid when AIPerf stopped before it had sent what was asked', async () => {
    const { measurement } = await measured('aiperf-ok', { requests: 40 })
    const remark = measurement.remarks?.find(({ code }) => code === 'aiperf-cut-short')
    assert.equal(remark?.severity, 'invalid')
    assert.match(remark?.message ?? '', /10 of 40/)
  })

  it('tells the first token of the answer from that of reasoning, as AIPerf does itself', async () => {
    const { own, measurement } = await measured('aiperf-reasoning', { requests: 6 })
    const { reasoning, ttftMs } = measurement
    const [stated] = [JSON.parse(await fixtureText('aiperf-reasoning.profile_export_aiperf.json'))]
    assert.ok(Math.abs((reasoning?.ttfoMs?.mean ?? 0) - stated.time_to_first_output_token.avg) < 0.001)
    assert.ok((reasoning?.ttfoMs?.min ?? 0) > (ttftMs?.max ?? Number.NaN))
    assert.deepEqual([reasoning?.answers, reasoning?.unanswered], [6, 0])
    assert.deepEqual([reasoning?.reasoningTokens?.mean, reasoning?.answerTokens?.mean], [6, 4])
    assert.equal(own?.time_to_first_token?.avg !== undefined, true)
  })

  it('has no TTFO where no answer reasons, although AIPerf states its TTFT as one', async () => {
    const { measurement } = await measured('aiperf-ok')
    assert.equal(measurement.reasoning, undefined)
  })

  it('survives a last line cut by a kill, and no other', async () => {
    const text = await fixtureText('aiperf-ok.profile_export.jsonl')
    const lines = text.trimEnd().split('\n')
    const torn = join(folder, 'torn.jsonl')
    await writeFile(torn, text.trimEnd().slice(0, -20))
    assert.equal((await readRawRequests(torn)).length, 9)
    const broken = join(folder, 'broken.jsonl')
    await writeFile(broken, [lines[0], '{"half', ...lines.slice(1)].join('\n'))
    await assert.rejects(readRawRequests(broken), { code: 'aiperf-output-unreadable', where: `${broken}:2` })
  })

  it('is refused when a line is JSON of another shape', async () => {
    const file = join(folder, 'other.jsonl')
    await writeFile(file, '{"metadata":{}}\n')
    await assert.rejects(readRawRequests(file), { code: 'aiperf-output-unreadable' })
  })
})
