import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRun } from '../../src/journal/index.ts'
import { onlyRun, workplace } from './fulcrum-process.ts'

const sweep = `
name: tiny
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies:
  - aggregated: 1
  - 1P1D
workloads: [256/16]
load: { concurrency: [1, 2], requests: 4x, warmup: 1x }
`

test('fulcrum run --only measures just that point in a run of its own, which its command repeats', async () => {
  await using place = await workplace(sweep)
  const { stdout } = await place.start('plan', place.sweepFile, '--json').ended()
  const { deployments } = JSON.parse(stdout) as { deployments: { points: { id: string }[] }[] }
  const id = deployments[1]?.points[0]?.id ?? ''
  const { exitCode, stderr } = await place.start('run', place.sweepFile, '--only', id, '--json').ended()
  assert.ok(exitCode === 0 || exitCode === 1, stderr)
  const run = await readRun(await onlyRun(place, 'tiny'))
  assert.deepEqual(
    run.results.map(result => result.point.id),
    [id],
  )
  assert.equal(run.ended?.outcome, 'complete')
  assert.deepEqual(run.manifest.only, [id])
  assert.deepEqual(run.manifest.command.slice(-2), ['--only', id])
  assert.equal(run.deployments.length, 1)
})
