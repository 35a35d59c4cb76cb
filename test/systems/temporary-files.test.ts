import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { repository } from '../cli/fulcrum.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { dynamoVersions } from './dynamo-deployment.ts'
import { type MockerKeys, mockers } from './dynamo-sweep.ts'
import { createHosts, noHosts } from './shards/hosts.ts'
import { until } from './until.ts'

const sweep = (deploy: string, generator = 'built-in') => `
name: temporary-files
model: nvidia/DeepSeek-R1-FP4
deploy:
${deploy}
topologies: [1P1D]
workloads: [200/20]
load: { concurrency: [2], requests: 200, warmup: 2 }
generator: ${generator}
`

const dynamo = (keys: MockerKeys = {}) =>
  `  with: dynamo\n${mockers({ args: 'engine-type: trtllm, speedup-ratio: 10', ...keys })}`

describe('the folder of temporary files', () => {
  for (const { version, python } of dynamoVersions) {
    it(`is empty after doctor and a sweep of Dynamo ${version}`, async () => {
      await using place = await workplace(sweep(dynamo({ python })))
      const doctor = await place.start('doctor', place.sweepFile).ended()
      assert.equal(doctor.exitCode, 0, doctor.stdout)
      const run = await place.start('run', place.sweepFile).ended()
      assert.ok(run.exitCode === 0 || run.exitCode === 1, run.stderr)
      assert.deepEqual(await place.temporaryFiles(), [])
    })
  }

  it('is empty after AIPerf was interrupted', async () => {
    const aiperf = `{ name: aiperf, command: ${join(repository, '.systems/aiperf/bin/aiperf')} }`
    await using place = await workplace(sweep('  with: simulated', aiperf))
    const run = place.start('run', place.sweepFile)
    await until(async () => (await place.temporaryFiles()).some(isOfAiperf))
    run.kill('SIGINT')
    assert.equal((await run.ended()).exitCode, 130)
    assert.deepEqual(await place.temporaryFiles(), [])
  })

  it('is empty after doctor was interrupted while connected to a node', { skip: noHosts() }, async () => {
    await using hosts = await createHosts({ north: 0 })
    const node = `  head: ${hosts.address}\n  ssh: { config: ${hosts.sshConfig} }\n  nodes: [{ name: north, gpus: 2 }]`
    await using place = await workplace(sweep(`${dynamo()}\n${node}`))
    const doctor = place.start('doctor', place.sweepFile)
    await until(async () => (await place.temporaryFiles()).length > 0)
    doctor.kill('SIGINT')
    assert.equal((await doctor.ended()).exitCode, 130)
    assert.deepEqual(await place.temporaryFiles(), [])
  })
})

/** AIPerf's folder of sockets. */
const isOfAiperf = (path: string) => /\/tmp\w+\/aiperf$/.test(path)
