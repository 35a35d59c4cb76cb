import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readRun } from '../../src/journal/index.ts'
import { onlyRun, stillRunning, type Workplace, workplace } from './fulcrum-process.ts'

const sweep = `
name: tiny
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies:
  - aggregated: 1
  - 1P1D
workloads: [256/16]
load: { concurrency: [1, 2, 4], requests: 4x, warmup: 1x }
`

const pointsOf = async (place: Workplace) => {
  const { lines } = await readRun(await onlyRun(place, 'tiny'))
  return lines.flatMap(({ event }) => (event.type === 'point' ? [event.result] : []))
}

/** All six points, each measured once and good. */
async function assertWhole(place: Workplace): Promise<void> {
  const results = await pointsOf(place)
  assert.equal(new Set(results.map(result => result.point.id)).size, 6)
  assert.deepEqual(
    results.map(result => result.measurement !== null),
    Array.from({ length: 6 }, () => true),
  )
}

describe('fulcrum run', () => {
  test('killed by SIGKILL leaves nothing that runs on after its leftovers are ended, and goes on where it stood', async () => {
    await using place = await workplace(sweep)
    const first = place.start('run', place.sweepFile, '--json')
    await first.progress(progress => progress.step === 'measured')
    await first.progress(progress => progress.step === 'measuring')
    first.kill('SIGKILL')
    await first.ended()
    const recorded = await place.recorded()
    assert.ok(recorded.length > 0)
    assert.equal((await place.start('leftovers', '--end').ended()).exitCode, 0)
    assert.deepEqual(await stillRunning(recorded), [])

    const { exitCode, stdout, stderr } = await place.start('run', place.sweepFile, '--json').ended()
    assert.ok(exitCode === 0 || exitCode === 1, stderr)
    assert.equal(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').resumed, true)
    await assertWhole(place)
  })

  test('interrupted by Ctrl-C drops the point in flight, stops everything, exits with 130, and can be resumed', async () => {
    await using place = await workplace(sweep)
    const first = place.start('run', place.sweepFile, '--json')
    await first.progress(progress => progress.step === 'measured')
    await first.progress(progress => progress.step === 'measuring')
    const started = await place.recorded()
    first.kill('SIGINT')
    const { exitCode } = await first.ended()
    assert.equal(exitCode, 130)
    assert.ok(started.length > 0)
    assert.deepEqual(await stillRunning(started), [])
    assert.equal((await readRun(await onlyRun(place, 'tiny'))).ended?.outcome, 'interrupted')
    const before = await pointsOf(place)

    const resumed = await place.start('resume', '--json').ended()
    assert.ok(resumed.exitCode === 0 || resumed.exitCode === 1, resumed.stderr)
    assert.deepEqual((await pointsOf(place)).slice(0, before.length), before)
    await assertWhole(place)
  })

  test('refuses a folder that another one is working in, by its process', async () => {
    await using place = await workplace(sweep)
    const first = place.start('run', place.sweepFile, '--json')
    await first.progress(progress => progress.step === 'measuring')
    const second = await place.start('run', place.sweepFile).ended()
    assert.equal(second.exitCode, 3)
    assert.match(second.stderr, new RegExp(`process ${first.pid} has held it`))
    assert.doesNotMatch(second.stderr, /^\s+at /m)
    first.kill('SIGINT')
    await first.ended()
  })

  test('whose engine is killed during a point marks it invalid, repairs the deployment and measures it again', async () => {
    await using place = await workplace(sweep)
    const run = place.start('run', place.sweepFile, '--json')
    await run.progress(progress => progress.step === 'measured')
    await run.progress(progress => progress.step === 'measuring')
    const [engine] = await place.recorded()
    assert.ok(engine)
    process.kill(engine.pid, 'SIGKILL')
    await run.ended()
    const results = await pointsOf(place)
    const broken = results.filter(result => result.findings.some(finding => finding.code === 'deployment-broke'))
    assert.equal(broken.length, 1)
    assert.notEqual(broken[0]?.status, 'ok')
    assert.match(broken[0]?.reason ?? '', new RegExp(engine.name))
    const again = results.filter(result => result.point.id === broken[0]?.point.id)
    assert.equal(again.length, 2)
    assert.equal(
      again[1]?.findings.some(finding => finding.code === 'deployment-broke'),
      false,
    )
    assert.equal(new Set(results.map(result => result.point.id)).size, 6)
  })
})
