import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { onlyRun, stillRunning, type Workplace, workplace } from '../cli/fulcrum-process.ts'
import { gb200, mockers } from './dynamo-sweep.ts'

/** Points of a few seconds on two deployments of a real Dynamo with mocker workers. */
const sweep = `
name: faults
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
${mockers({ args: gb200, env: 'ETCD_LEASE_TTL: 3' })}
topologies: [1P1D, 1P2D]
workloads: [500/100]
load: { concurrency: [1, 2, 3], requests: 8x, warmup: 1 }
`

const pidOf = async (place: Workplace, name: string): Promise<number> => {
  const found = (await place.recorded()).find(entry => entry.name === name)
  assert.ok(found, `${name} is among the processes that were started`)
  return found.pid
}

describe('a sweep on a real Dynamo', () => {
  test('goes on when a worker, the frontend and NATS are killed in the middle of a point each', async () => {
    await using place = await workplace(sweep)
    process.env.FULCRUM_STATE_DIR = place.state
    const victims = ['decode-0', 'frontend', 'nats']
    const killed = new Map<string, string>()
    let killing: Promise<void> = Promise.resolve()
    const outcome = await runSweepFile({
      file: place.sweepFile,
      resultsRoot: `${place.folder}/results`,
      startNew: true,
      signal: AbortSignal.timeout(280_000),
      onProgress: progress => {
        if (progress.step !== 'measuring' || progress.load?.phase !== 'measuring' || progress.load.done < 1) return
        const victim = victims[killed.size]
        if (victim === undefined || killed.has(progress.point.id)) return
        killed.set(progress.point.id, victim)
        killing = pidOf(place, victim).then(pid => void process.kill(pid, 'SIGKILL'))
      },
    })
    await killing
    const { lines } = await readRun(outcome.folder)
    const results = lines.flatMap(({ event }) => (event.type === 'point' ? [event.result] : []))
    const story = results
      .map(({ point, status, reason }) => {
        const victim = killed.get(point.id) ?? 'nothing'
        return `${topologyLabel(point.deployment.topology)} ${victim}: ${status} ${reason}`
      })
      .join('\n')
    const broken = results.filter(result => result.findings.some(finding => finding.code === 'deployment-broke'))
    assert.deepEqual(
      broken.map(result => killed.get(result.point.id)),
      victims,
      story,
    )
    for (const result of broken) {
      assert.match(result.reason, new RegExp(killed.get(result.point.id) ?? '', 'i'))
      const again = results.filter(({ point }) => point.id === result.point.id)
      assert.equal(again.length, 2, story)
      assert.ok((again[1]?.measurement?.requests.completed ?? 0) > 0, story)
    }
    assert.deepEqual([outcome.outcome, outcome.points.missing, outcome.points.failed], ['complete', 0, 0], story)
    assert.deepEqual(await place.recorded(), [])
  })

  test('killed by SIGKILL leaves its processes to be found by name, ended when asked, and is gone on with', async () => {
    await using place = await workplace(sweep)
    const first = place.start('run', place.sweepFile, '--json')
    await first.progress(progress => progress.step === 'measured')
    first.kill('SIGKILL')
    await first.ended()
    const left = await stillRunning(await place.recorded())
    assert.deepEqual(left.map(({ name }) => name).sort(), ['decode-0', 'etcd', 'frontend', 'nats', 'prefill-0'])
    const { stdout } = await place.start('leftovers', '--end', '--json').ended()
    const named = JSON.parse(stdout).leftovers.map((leftover: { name: string }) => leftover.name)
    assert.deepEqual(
      left.map(({ name }) => name).filter(name => !named.includes(name)),
      [],
    )
    assert.deepEqual(await stillRunning(left), [])

    const second = place.start('run', place.sweepFile, '--json')
    await second.progress(progress => progress.step === 'measured')
    const running = await place.recorded()
    second.kill('SIGINT')
    assert.equal((await second.ended()).exitCode, 130)
    assert.deepEqual(await stillRunning(running), [])
    const { lines, ended } = await readRun(await onlyRun(place, 'faults'))
    const points = lines.flatMap(({ event }) => (event.type === 'point' ? [event.result.point.id] : []))
    assert.deepEqual([points.length, new Set(points).size, ended?.outcome], [2, 2, 'interrupted'])
  })
})
