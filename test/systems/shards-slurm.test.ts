import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharded } from '../../src/generators/shards/sharded.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { allProcesses, argumentsOf } from '../../src/process/proc.ts'
import { endpointOf, pointOf } from '../generators/built-in/setting.ts'
import { startMock } from '../mock-server/start.ts'
import { noSlurm, startSlurm } from './shards/slurm.ts'

/** Not warnings: how well a busy host's clock is known is no matter of what is tested. */
const invalidating = ({ remarks = [] }: Measurement) => remarks.filter(({ severity }) => severity === 'invalid')

test('srun starts shards on the nodes of an allocation, and none outlives its coordinator', {
  skip: noSlurm(),
}, async () => {
  await using slurm = await startSlurm()
  await using server = await startMock({ ttftMs: 5, itlMs: 1 })
  // As a shell within the allocation would have it.
  process.env.SLURM_CONF = slurm.config
  const runFolder = await mkdtemp(join(tmpdir(), 'fulcrum-shards-'))
  const launcherArgs = [`--jobid=${slurm.job}`]
  const generator = sharded({
    cacheFolder: join(tmpdir(), 'fulcrum-test-lexicons'),
    runFolder,
    threads: 1,
    shards: { count: 2, hosts: [slurm.node], launcher: 'srun', launcherArgs },
  })
  const steps = async () => {
    const all = await Promise.all((await allProcesses()).map(({ pid }) => argumentsOf(pid)))
    return all.filter(argv => argv[0] === 'srun' && argv.includes(`--jobid=${slurm.job}`))
  }
  try {
    const point = pointOf({ load: { level: { kind: 'concurrency', concurrency: 4 }, requests: 40, dataset: 40 } })
    const measurement = await generator.measure(point, endpointOf(server.url), {
      signal: AbortSignal.timeout(60_000),
      folder: join(runFolder, 'points', 'p'),
      onProgress: () => {},
    })
    assert.deepEqual(measurement.requests, { sent: 40, completed: 40, failed: 0 })
    assert.deepEqual(invalidating(measurement), [])
    assert.deepEqual(
      measurement.client.shards?.map(({ host, requests }) => [host, requests]),
      [
        [slurm.node, 20],
        [slurm.node, 20],
      ],
    )
    assert.ok((await steps()).length >= 2)
  } finally {
    await generator.close()
    await rm(runFolder, { recursive: true, force: true })
  }
  assert.deepEqual(await steps(), [])
})
