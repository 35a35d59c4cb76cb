import assert from 'node:assert/strict'
import { access, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import { fulcrum, program, repository, temporaryFolder } from './fulcrum.ts'
import { onlyRun, workplace } from './fulcrum-process.ts'

/** The kept run of sweeps/quick.yaml as it stood when its first deployment was done: eight points of agg x2. */
async function firstDeploymentOfQuick(folder: string): Promise<string> {
  const run = join(folder, 'run')
  const kept = join(repository, 'results/baseline/quick')
  await mkdir(run)
  await copyFile(join(kept, 'manifest.json'), join(run, 'manifest.json'))
  const lines = (await readFile(join(kept, 'journal.jsonl'), 'utf8')).split('\n')
  const eighth = lines.flatMap((line, index) => (line.includes('"type":"point"') ? [index] : []))[7] ?? 0
  await writeFile(join(run, 'journal.jsonl'), `${lines.slice(0, eighth + 1).join('\n')}\n`)
  return run
}

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

test('a prediction for another router says that the twin knows nothing of it', async () => {
  await using folder = await temporaryFolder()
  const run = await firstDeploymentOfQuick(folder.path)
  await fulcrum(['twin', 'fit', run])
  const quick = await readFile(join(repository, 'sweeps/quick.yaml'), 'utf8')
  const predict = async (name: string, text: string) => {
    const sweep = join(folder.path, name)
    await writeFile(sweep, text)
    const { stdout } = await fulcrum(['twin', 'predict', join(run, 'twin.json'), sweep, '--all', '--json'])
    const aggregated = (JSON.parse(stdout) as Told[]).filter(({ topology }) => topology === 'agg x2')
    assert.ok(aggregated.length > 0)
    return aggregated.flatMap(({ prediction }) => prediction.extrapolated)
  }
  const routed = quick.replace(/with: simulated/, 'with: simulated\n  router: least-loaded')
  assert.notEqual(routed, quick)
  assert.deepEqual(await predict('same.yaml', quick), [])
  const reasons = await predict('routed.yaml', routed)
  assert.ok(reasons.length > 0)
  for (const reason of reasons)
    assert.match(reason, /^the frontend \(router, .*\) is started otherwise than in the run/)
})

test('a twin is fitted to one variant of a run, by default the first, and says so', async () => {
  await using place = await workplace(`
name: twin-variants
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [agg x2]
variants: { round-robin: {}, least: { deploy: { router: least-loaded } } }
workloads: [128/8, 512/8]
load: { concurrency: [1, 2, 4], requests: 8, warmup: 1 }
validity: { cpu_share: 1, run_queue_share: 1, send_lateness_p99_ms: 5000, event_loop_delay_p99_ms: 5000, in_flight_share: 0 }
`)
  assert.equal((await place.start('run', place.sweepFile, '--json').ended()).exitCode, 0)
  const run = await onlyRun(place, 'twin-variants')
  const fit = async (...options: string[]) => place.start('twin', 'fit', run, '--json', ...options).ended()
  const first = JSON.parse((await fit()).stdout) as { variant: string; points: number; notes: string[] }
  assert.deepEqual([first.variant, first.points], ['round-robin', 6])
  assert.ok(first.notes.includes('fitted to the variant round-robin alone; the run also has least'))
  const least = await fit('--variant', 'least', '--to', join(place.folder, 'least.json'))
  assert.equal(JSON.parse(least.stdout).variant, 'least')
  const unknown = await fit('--variant', 'kv')
  assert.equal(unknown.exitCode, 2)
  assert.match(unknown.stdout + unknown.stderr, /No point of the run is of variant 'kv'[\s\S]*round-robin, least/)
  const { stdout } = await place
    .start('twin', 'predict', join(run, 'twin.json'), place.sweepFile, '--all', '--json')
    .ended()
  const told = JSON.parse(stdout) as Told[]
  const marked = told.filter(({ prediction }) => prediction.extrapolated.some(reason => /frontend/.test(reason)))
  assert.deepEqual([told.length, marked.length], [12, 6])
})

test('a twin is fitted to a run, kept beside it, and predicts what the run did not measure', async () => {
  await using folder = await temporaryFolder()
  const run = await firstDeploymentOfQuick(folder.path)
  const fit = await fulcrum(['twin', 'fit', run, '--json'])
  assert.equal(fit.exitCode, 0, fit.stderr)
  const { file, points, errors, profile } = JSON.parse(fit.stdout) as {
    file: string
    points: number
    profile: string
    errors: { heldOutPoints: { [figure: string]: { count: number } }; heldOutTopologies: object }
  }
  assert.equal(file, join(run, 'twin.json'))
  assert.deepEqual([points, profile], [8, 'deepseek-r1-fp4-gb200'])
  assert.equal(errors.heldOutPoints.ttft_p50_ms?.count, 8)
  assert.deepEqual(errors.heldOutTopologies, {})
  assert.match(await readFile(file, 'utf8'), /"fulcrumVersion"/)
  assert.match(fit.stderr, /^\[0\/6\] fitting 8 points$/m)

  const json = await fulcrum(['twin', 'predict', file, 'sweeps/quick.yaml', '--json'])
  assert.equal(json.exitCode, 0, json.stderr)
  const predicted = JSON.parse(json.stdout) as Told[]
  assert.deepEqual([...new Set(predicted.map(one => one.topology))].toSorted(), ['1P1D', '2P1D'])
  assert.equal(predicted.length, 16)
  for (const { measured, prediction } of predicted) {
    assert.equal(measured, false)
    assert.equal(prediction.basis, 'held-out-topologies')
    assert.ok(prediction.extrapolated.includes('no prefill worker was measured'))
    assert.ok((prediction.figures.ttft_p50_ms?.value ?? 0) > 0)
  }

  const all = await fulcrum(['twin', 'predict', file, 'sweeps/quick.yaml', '--all', '--format', 'csv'])
  const [header, ...rows] = all.stdout.trim().split('\n')
  assert.match(header ?? '', /^point_id,topology,gpus,workload,load,measured,basis,extrapolated,findings,ttft_mean_ms,/)
  assert.equal(rows.length, 24)
  assert.equal(rows.filter(row => row.split(',')[5] === 'true').length, 8)

  const shown = await fulcrum(['twin', 'predict', file, 'sweeps/quick.yaml'])
  assert.match(shown.stdout, /2P1D .+ concurrency \d+ .+\[1\]/)
  assert.match(shown.stdout, /^\[1\] extrapolated: no prefill worker was measured$/m)
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
    assert.match(stderr, /No run in/)
  })
  test('that is interrupted says so and leaves no twin behind', async () => {
    await using folder = await temporaryFolder()
    const to = join(folder.path, 'twin.json')
    const child = execa(process.execPath, [program, 'twin', 'fit', 'results/baseline/quick', '--to', to], {
      cwd: repository,
      reject: false,
      timeout: 120_000,
    })
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
