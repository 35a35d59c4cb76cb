import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inferencePerfGenerator } from '../../src/generators/inference-perf/index.ts'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { repository } from '../cli/fulcrum.ts'
import { programPoint } from '../generators/programs/program-point.ts'
import { runRealProgram } from './program-run.ts'

const command = join(repository, '.systems/inference-perf/bin/inference-perf')
const skip = existsSync(command) ? false : 'no inference-perf under .systems: it needs Python 3.12 or newer'
const pointOf = (load: Parameters<typeof programPoint>[1] = {}) =>
  programPoint('inference-perf', { api: 'completions', ...load })
const codesOf = (run: Awaited<ReturnType<typeof runRealProgram>>) => run.measurement?.remarks?.map(({ code }) => code)

describe('the real inference-perf', { skip, concurrency: 2 }, () => {
  it('measures a closed loop after its warm-up, with fresh full-length requests', async () => {
    const run = await runRealProgram('inference-perf', pointOf(), () => 'answer')
    assert.equal(run.error, null)
    const { measurement } = run
    assert.deepEqual([measurement?.window, measurement?.generator.version], ['steady', '0.7.0'])
    assert.deepEqual(measurement?.requests, { sent: 20, completed: 20, failed: 0 })
    assert.deepEqual([measurement.osl?.mean, measurement.totals.chunks], [8, 160])
    assert.equal(measurement.client.inFlight?.max, 2)
    assert.deepEqual(codesOf(run), ['client-unknown'])
    assert.equal(run.bodies.length, 4 + 20 + 2)
    for (const body of run.bodies) assert.deepEqual([body.max_tokens, body.ignore_eos, body.stream], [8, true, true])
    assert.equal(new Set(run.bodies.map(({ prompt }) => prompt)).size, 24)
    assert.ok(Math.abs(Date.now() - Date.parse(measurement.startedAt)) < 60_000)
    assert.deepEqual(run.alive, [])
  })

  it('sends an open loop when it is due, and says how late', async () => {
    const level = { kind: 'rate', requestsPerS: 10, arrivals: { kind: 'constant' } } as const
    const run = await runRealProgram('inference-perf', pointOf({ level }), () => 'answer')
    const { measurement } = run
    assert.deepEqual(measurement?.requests, { sent: 20, completed: 20, failed: 0 })
    const { sendLatenessMs } = measurement.client
    assert.ok((sendLatenessMs?.mean ?? -1) >= 0 && (sendLatenessMs?.mean ?? 1000) < 200)
    // 20 requests at 10/s, the first at once.
    assert.ok(Math.abs((measurement.durationS ?? 0) - 1.9) < 0.5, `${measurement.durationS} s`)
    assert.deepEqual(codesOf(run), ['client-unknown'])
  })

  it('asks for answers of different lengths', async () => {
    const point = pointOf()
    const osl = { kind: 'uniform', min: 2, max: 30 } as const
    const run = await runRealProgram(
      'inference-perf',
      { ...point, workload: { ...point.workload, osl } },
      () => 'answer',
    )
    const asked = run.bodies.map(body => Number(body.max_tokens))
    assert.ok(Math.min(...asked) >= 2 && Math.max(...asked) <= 30 && new Set(asked).size > 5, asked.join())
  })

  it('counts failed requests, and a run in which all fail is invalid', async () => {
    const fifth = await runRealProgram('inference-perf', pointOf(), n => (n % 5 === 0 ? 'http-500' : 'answer'))
    assert.equal(fifth.measurement?.requests.failed, 4)
    assert.equal(fifth.measurement.errors[0]?.example, 'HTTP 500: out of memory')
    const all = await runRealProgram('inference-perf', pointOf(), () => 'reset')
    assert.ok(all.measurement !== null, all.error?.message)
    assert.deepEqual(all.measurement.requests, { sent: 20, completed: 0, failed: 20 })
    assert.equal(all.measurement.errors[0]?.kind, 'broken-stream')
    assert.equal(statusOf(judge(pointOf(), all.measurement)), 'invalid')
  })

  it('counts requests that the server never ends as timeouts', async () => {
    const run = await runRealProgram('inference-perf', pointOf({ timeoutMs: 1500 }), n =>
      n === 9 ? 'silent' : 'answer',
    )
    assert.deepEqual(
      run.measurement?.errors.map(({ kind, count }) => [kind, count]),
      [['timeout', 1]],
    )
    assert.deepEqual(run.alive, [])
  })

  it('tells a configuration that it refuses, and a program that is missing', async () => {
    const refused = await runRealProgram('inference-perf', pointOf(), () => 'answer', {
      args: ['--load.num_workers', 'x'],
    })
    assert.equal(refused.error?.code, 'inference-perf-refused')
    assert.match(refused.error.message, /num_workers/)
    const missing = await runRealProgram('inference-perf', pointOf(), () => 'answer', {
      command: '/none/inference-perf',
    })
    assert.equal(missing.error?.message, 'inference-perf was not found at /none/inference-perf')
    assert.match(missing.error.remedy ?? '', /Python 3\.12 or later: pip install inference-perf==0\.7\.0/)
  })
})

describe('doctor on the real inference-perf', { skip }, () => {
  it('starts it, and names its version', async () => {
    const [check] = await inferencePerfGenerator.of({ command, args: [] }).doctor()
    assert.deepEqual([check?.ok, check?.detail, check?.remedy], [true, `0.7.0 (${command})`, undefined])
  })
})
