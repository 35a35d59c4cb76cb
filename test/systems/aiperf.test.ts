import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { programPoint } from '../generators/programs/program-point.ts'
import { scratch } from '../journal/journal-on-disk.ts'
import { runRealProgram } from './program-run.ts'

const lengthOnDynamo1 = { max_tokens: 8, min_tokens: 8, ignore_eos: true, nvext: undefined }

// Nothing here depends on timing, and most of each test is Python being loaded.
describe('the real AIPerf', { concurrency: 3 }, () => {
  it('measures a point, and its own summary agrees with what is read from its record', async () => {
    const run = await runRealProgram('aiperf', programPoint('aiperf'), () => 'answer')
    assert.equal(run.error, null)
    const { measurement } = run
    assert.ok(measurement !== null)
    assert.deepEqual(measurement.requests, { sent: 20, completed: 20, failed: 0 })
    assert.equal(measurement.generator.version, '0.13.0')
    assert.equal(measurement.tokenSource, 'usage')
    assert.equal(measurement.osl?.mean, 8)
    assert.equal(measurement.totals.chunks, 160)
    assert.ok((measurement.client.sendLatenessMs?.min ?? -1) >= 0)
    assert.deepEqual(
      measurement.remarks?.map(remark => remark.code),
      ['client-unknown'],
    )
    const { max_tokens, min_tokens, ignore_eos, nvext } = run.bodies[0] ?? {}
    assert.deepEqual({ max_tokens, min_tokens, ignore_eos, nvext }, lengthOnDynamo1)
    assert.deepEqual(run.alive, [])
  })

  it('replays a trace on its schedule, each request with its own length', async () => {
    await using folder = await scratch()
    const file = join(folder.path, 'trace.jsonl')
    const lengths = [4, 6, 5, 3, 8, 7]
    const rows = lengths.map((output_length, i) => ({
      ...{ timestamp: i * 200, session_id: `s${i % 2}`, input_length: 40 + i, output_length },
    }))
    await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
    const { requests: _, ...load } = programPoint('aiperf').load
    const level = { kind: 'trace', file, speed: 2, unit: 'ms' } as const
    const point = { ...programPoint('aiperf'), load: { ...load, warmup: 0, level } }
    const { measurement, error, bodies, alive } = await runRealProgram('aiperf', point, () => 'answer')
    assert.equal(error, null)
    assert.deepEqual(measurement?.requests, { sent: 6, completed: 6, failed: 0 })
    assert.deepEqual(
      bodies.map(({ max_tokens, min_tokens }) => [max_tokens, min_tokens]).toSorted(),
      lengths.map(tokens => [tokens, tokens]).toSorted(),
    )
    assert.equal(measurement.osl?.mean, 5.5)
    assert.deepEqual(measurement.replay, { inFile: 6, chosen: 6, unit: 'ms', guessed: null })
    // 1,000 ms of the trace at twice the speed, and an answer.
    assert.ok(measurement.durationS >= 0.5, `${measurement.durationS} s`)
    assert.deepEqual(alive, [])
  })

  it('counts the failed fifth of the requests that it exits with 0 over', async () => {
    const point = programPoint('aiperf')
    const run = await runRealProgram('aiperf', point, request => (request % 5 === 0 ? 'http-500' : 'answer'))
    assert.ok(run.measurement !== null)
    assert.deepEqual(run.measurement.requests, { sent: 20, completed: 16, failed: 4 })
    assert.deepEqual(
      run.measurement.errors.map(({ kind, count }) => ({ kind, count })),
      [{ kind: 'http-status', count: 4 }],
    )
    assert.equal(statusOf(judge(point, run.measurement)), 'invalid')
  })

  it('reports a point in which every request was reset, of which it makes no report itself', async () => {
    const run = await runRealProgram('aiperf', programPoint('aiperf'), request => (request > 4 ? 'reset' : 'answer'))
    assert.deepEqual(run.measurement?.requests, { sent: 20, completed: 0, failed: 20 })
    assert.deepEqual(
      run.measurement?.errors.map(error => error.kind),
      ['broken-stream'],
    )
    assert.deepEqual(run.alive, [])
  })

  it('sends a bearer token that no command line and no file shows', async () => {
    const secret = { variable: 'FULCRUM_TEST_TOKEN', value: 'correct-horse-battery-staple' }
    const point = programPoint('aiperf', { requests: 6, warmup: 2 })
    const run = await runRealProgram('aiperf', point, () => 'answer', { secret })
    assert.deepEqual(run.measurement?.requests, { sent: 6, completed: 6, failed: 0 })
    assert.deepEqual(new Set(run.authorizations), new Set([`Bearer ${secret.value}`]))
    // What the arguments say is laid over the configuration that names the variable.
    assert.equal(run.measurement?.osl?.mean, 8)
    assert.ok((run.measurement?.client.inFlight?.max ?? 0) <= 2)
    assert.deepEqual(run.leaks, [])
  })

  it('counts requests that the server never ends as timeouts', async () => {
    const point = programPoint('aiperf', { timeoutMs: 1000, requests: 6 })
    const run = await runRealProgram('aiperf', point, request => (request === 9 ? 'silent' : 'answer'))
    assert.deepEqual(
      run.measurement?.errors.map(({ kind, count }) => ({ kind, count })),
      [{ kind: 'timeout', count: 1 }],
    )
    assert.equal(run.measurement?.requests.completed, 5)
  })

  it('leaves nothing running when it is aborted', async () => {
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('Ctrl-C')), 6000)
    const run = await runRealProgram('aiperf', programPoint('aiperf', { timeoutMs: 60_000 }), () => 'silent', {
      signal: abort.signal,
    })
    assert.equal(run.aborted, true)
    assert.deepEqual(run.alive, [])
  })

  it('sends its requests below a sub-path of the URL', async () => {
    const point = programPoint('aiperf', { requests: 6, warmup: 0, dataset: 6 })
    const run = await runRealProgram('aiperf', point, () => 'answer', { subPath: '/llm/team-a' })
    assert.deepEqual([run.error, run.paths], [null, ['/llm/team-a/v1/chat/completions']])
    assert.equal(run.measurement?.requests.completed, 6)
  })
})
