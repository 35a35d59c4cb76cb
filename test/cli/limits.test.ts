import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writtenRun } from '../journal/written-run.ts'
import { failed, syntheticRun } from '../render/synthetic-run.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweepText = (more: string) => `name: tiny
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
workloads: [64/4]
load: { concurrency: [1, 2], requests: 2x }
${more}
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`

async function swept(more: string) {
  const place = await temporaryFolder()
  const file = join(place.path, 'tiny.yaml')
  await writeFile(file, sweepText(more))
  const run = (...args: string[]) => fulcrum(['run', file, '--new', '--out', join(place.path, 'results'), ...args])
  return { run, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() }
}

describe('limits at the end of a run', () => {
  test('the SLO of the sweep is told for each workload, and decides the exit code only where it is asked for', async () => {
    await using place = await swept('slo: { ttft_p95_ms: 1 }')
    const told = await place.run()
    assert.equal(told.exitCode, 0)
    assert.match(
      told.stdout,
      /^slo \(not a gate; add --fail-on slo to make it one\)\n {2}✗ 64\/4: met at none of 2 points; nearest: agg x1/m,
    )
    const gated = await place.run('--fail-on', 'slo', '--fail-on', 'itl_p95>30s')
    assert.equal(gated.exitCode, 1)
    assert.match(gated.stdout, /^slo: failed\n {2}✗ 64\/4/m)
    assert.match(gated.stdout, /^itl_p95>30s: passed\n {2}✓ 64\/4: within the limit at 2 of 2 points/m)
    const passing = await place.run('--fail-on', 'ttft_p95>30s', '--json')
    assert.equal(passing.exitCode, 0)
    const { limits } = JSON.parse(passing.stdout.split('\n').at(-1) ?? '')
    assert.deepEqual(
      limits.map((one: { limit: string; isGate: boolean; outcome: string }) => [one.limit, one.isGate, one.outcome]),
      [
        ['slo', false, 'failed'],
        ['ttft_p95>30s', true, 'passed'],
      ],
    )
  })

  test('points that a budget left unmeasured leave a limit untested, unless so many are accepted', async () => {
    await using place = await swept('budget: { points: 1 }')
    assert.equal((await place.run()).exitCode, 0)
    const gated = await place.run('--fail-on', 'ttft_p95>30s')
    assert.equal(gated.exitCode, 1)
    assert.match(gated.stdout, /\? not tested: the run has no result for 1 point of its plan/)
    assert.equal((await place.run('--fail-on', 'ttft_p95>30s', '--allow-lost', '1')).exitCode, 0)
  })

  test('what is no limit is refused before anything is measured', async () => {
    await using place = await swept('')
    for (const [limit, said] of [
      ['ttft_p95>5%', /needs another run to compare with/],
      ['ttft_p95>5tokens/s', /TTFT p95 is in ms/],
      ['slo', /the sweep file has no slo/],
    ] as const) {
      const { stderr, exitCode } = await place.run('--fail-on', limit)
      assert.equal(exitCode, 2, limit)
      assert.match(stderr, said)
    }
    assert.equal((await place.run('--fail-on', 'ttft_p95>5%', '--dry-run')).exitCode, 2)
  })
})

test('fulcrum tune holds the folder of a run against limits', async () => {
  await using place = await temporaryFolder()
  const run = syntheticRun({ concurrencies: [1, 4] })
  const fine = await writtenRun(run, place.path, new Date(0))
  const dead = await writtenRun({ ...run, results: run.results.map(r => failed(r, 'x')) }, place.path, new Date(1e6))
  const tune = (folder: string, limit: string) => fulcrum(['tune', folder, '--fail-on', limit])
  assert.equal((await tune(fine, 'itl_p95>30s')).exitCode, 0)
  assert.equal((await tune(fine, 'itl_p95>1ms')).exitCode, 1)
  const { stdout, exitCode } = await tune(dead, 'slo')
  assert.equal(exitCode, 1)
  assert.match(stdout, /^slo: not tested\n {2}\? 8000\/256: not tested: 10 of 10 points failed/m)
  assert.equal((await tune(fine, 'itl_p95>5%')).exitCode, 2)
})
