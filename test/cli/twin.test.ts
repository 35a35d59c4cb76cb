import assert from 'node:assert/strict'
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const sweep = (name: string, topologies: string, concurrency: string) => `name: ${name}
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: ${topologies}
workloads: [500/6]
load: { concurrency: ${concurrency}, requests: 2x, warmup: 0 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, in_flight_share: 0.01 }
`

interface Told {
  readonly pointId: string
  readonly topology: string
  readonly measured: boolean
  readonly prediction: {
    readonly extrapolated: readonly string[]
    readonly basis: string
    readonly figures: { readonly [figure: string]: { readonly value: number; readonly low: number } }
  }
}

test('a twin is fitted to a run, kept beside it, and predicts what the run did not measure', async () => {
  await using folder = await temporaryFolder()
  const [measured, wanted] = ['measured.yaml', 'wanted.yaml'].map(name => join(folder.path, name)) as [string, string]
  await writeFile(measured, sweep('measured', '[agg x1]', '[1, 2, 3, 4, 5, 6]'))
  await writeFile(wanted, sweep('wanted', '[agg x1, agg x2]', '[2, 40]'))
  const ran = await fulcrum(['run', measured, '--out', folder.path])
  assert.equal(ran.exitCode, 0, ran.stderr)

  const fit = await fulcrum(['twin', 'fit', '--out', folder.path, '--json'])
  assert.equal(fit.exitCode, 0, fit.stderr)
  const { file, points, errors, profile } = JSON.parse(fit.stdout) as {
    file: string
    points: number
    profile: string
    errors: { heldOutPoints: { [figure: string]: { count: number } }; heldOutTopologies: object }
  }
  await access(file)
  assert.match(file, /twin\.json$/)
  assert.deepEqual([points, profile], [6, 'deepseek-r1-fp4-gb200'])
  assert.equal(errors.heldOutPoints.ttft_p50_ms?.count, 6)
  assert.deepEqual(errors.heldOutTopologies, {})
  assert.match(await readFile(file, 'utf8'), /"fulcrumVersion"/)

  const json = await fulcrum(['twin', 'predict', file, wanted, '--json'])
  assert.equal(json.exitCode, 0, json.stderr)
  const predicted = JSON.parse(json.stdout) as Told[]
  // agg x1 at 2 was measured; the others were not.
  assert.deepEqual(
    predicted.map(one => [one.topology, one.prediction.basis, one.prediction.extrapolated.length > 0]),
    [
      ['agg x1', 'held-out-points', true],
      ['agg x2', 'held-out-topologies', true],
      ['agg x2', 'held-out-topologies', true],
    ],
  )
  assert.ok(predicted.every(one => (one.prediction.figures.ttft_p50_ms?.value ?? 0) > 0))

  const all = await fulcrum(['twin', 'predict', file, wanted, '--all', '--format', 'csv'])
  const [header, ...rows] = all.stdout.trim().split('\n')
  assert.match(header ?? '', /^point_id,topology,gpus,workload,load,measured,basis,extrapolated,findings,ttft_mean_ms,/)
  assert.equal(rows.length, 4)
  assert.equal(rows.filter(row => row.split(',')[5] === 'true').length, 1)

  const shown = await fulcrum(['twin', 'predict', file, wanted])
  assert.match(shown.stdout, /agg x2 .+ concurrency 40 .+\[\d\]/)
  assert.match(shown.stdout, /\[1\] extrapolated: more requests in flight/)
})

describe('fulcrum twin', () => {
  test('says what is wrong with a file that is no twin', async () => {
    const { exitCode, stderr } = await fulcrum(['twin', 'predict', 'package.json', 'sweeps/quick.yaml'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /Not a usable twin/)
    assert.match(stderr, /fulcrum twin fit RUN/)
  })
  test('says what is wrong with a folder that is no run', async () => {
    const { exitCode, stderr } = await fulcrum(['twin', 'fit', 'src'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /There is no run in/)
  })
  test('that is interrupted says so and leaves no twin behind', async () => {
    await using folder = await temporaryFolder()
    const to = join(folder.path, 'twin.json')
    const child = execa(
      process.execPath,
      [join(repository, 'bin/fulcrum.js'), 'twin', 'fit', 'results/baseline/quick', '--to', to],
      { cwd: repository, reject: false, timeout: 120_000 },
    )
    // The first fit of 24 points takes longer than this process needs to start.
    child.stderr.once('data', () => child.kill('SIGINT'))
    const { exitCode, stderr } = await child
    assert.equal(exitCode, 130)
    assert.match(stderr, /fulcrum: interrupted$/)
    await assert.rejects(access(to))
  })
  test('shows examples of both', async () => {
    for (const part of ['fit', 'predict']) {
      const { stdout, exitCode } = await fulcrum(['twin', part, '--help'])
      assert.equal(exitCode, 0)
      assert.match(stdout, /Examples:\n {2}\$ fulcrum twin/)
    }
  })
})
