import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Deployer } from '../../src/deployers/deployer.ts'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { nodesOf } from '../../src/deployers/nodes/create.ts'
import type { SlurmConfig } from '../../src/deployers/slurm/config.ts'
import { slurmDeployer } from '../../src/deployers/slurm/slurm.ts'
import type { Deployment } from '../../src/model/index.ts'
import { openLedger, type ProcessLedger } from '../../src/process/ledger.ts'
import { aggregated, changes, deployment, mocker, model, watch } from './dynamo-deployment.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'

const standIn = join(import.meta.dirname, 'stand-ins/over_ray.py')
const rayPython = join(import.meta.dirname, '../../.systems/ray/bin/python')

/** A Python with Dynamo and Ray, whose vLLM is the stand-in. */
async function pythonIn(folder: string): Promise<string> {
  const path = join(folder, 'python')
  const text = `#!/bin/sh
case "$1 $2" in
'-m dynamo.vllm') shift 2; exec ${rayPython} ${standIn} "$@" ;;
'-m dynamo.'*) exec ${mocker.python} "$@" ;;
*) exec ${rayPython} "$@" ;;
esac
`
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

const configOf = (python: string): DynamoConfig => ({
  ...mocker,
  ...{ python, backend: 'dynamo.vllm', args: {} },
  env: { ...mocker.env, DYNAMO_PYTHON: mocker.python },
})

/** Workers of 2 GPUs on each of two nodes. */
const spread = (workers: number): Deployment => ({
  ...deployment(aggregated(workers), {
    aggregated: {
      nodes_per_worker: 2,
      tensor_parallel_size: 2,
      pipeline_parallel_size: 2,
      distributed_executor_backend: 'ray',
    },
  }),
  gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
})
const soon = () => watch(AbortSignal.timeout(180_000))
const check = (deployer: Deployer) => deployer.check(AbortSignal.timeout(20_000))

describe('a worker over Ray on two hosts, over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  let folder: string
  let deployer: Deployer
  let ledger: ProcessLedger
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0 })
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-ray-'))
    const config: DynamoConfig = {
      ...configOf(await pythonIn(folder)),
      head: hosts.address,
      nodes: ['north', 'south'].map(name => ({ name, gpus: [0, 1, 2, 3] })),
      ssh: { config: hosts.sshConfig, options: {} },
    }
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    const context = { model: model.name, runFolder: join(folder, 'run'), ledger }
    deployer = dynamoDeployer(config, context, nodesOf(config, ledger))
  })
  after(async () => {
    await deployer?.close()
    await hosts?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })
  const running = (host: string, what: RegExp) => hosts.pids(host).filter(({ command }) => what.test(command))
  const starters = (host: string) => running(host, /^\S*python -m ray\.scripts\.scripts start/)
  const counts = (what: RegExp) => ['north', 'south'].map(host => running(host, what).length)
  const logOf = (name: string) => readFile(join(folder, 'run', 'deploy', 'logs', `${name}.log`), 'utf8')

  it('runs once, on the head, with the GPUs of both, and is ready', async () => {
    const context = soon()
    const { workersStarted } = await deployer.reconcile(spread(1), context)
    assert.equal(workersStarted, 1)
    const started = changes(context.events).started.filter(name => name.startsWith('agg'))
    assert.deepEqual(started, ['aggregated-0-rank0', 'aggregated-0-rank1'])
    assert.deepEqual(counts(/raylet\/raylet /), [1, 1])
    assert.deepEqual(counts(/gcs_server /), [1, 0])
    assert.deepEqual(counts(/over_ray\.py/), [1, 0])
    const log = await logOf('aggregated-0-rank0')
    assert.match(log, /^2 of 2 nodes have joined Ray$/m)
    const ranks = [...log.matchAll(/a rank on (\S+) \((\S+)\) with GPUs (\S+)/g)]
    assert.equal(new Set(ranks.map(([, address]) => address)).size, 2)
    for (const [, address, host, gpus] of ranks) assert.deepEqual([address, gpus], [host, '0,1'])
    assert.deepEqual(await check(deployer), [])
  })

  it('shares its hosts with another one, each with a Ray of its own', async () => {
    const { workersStarted } = await deployer.reconcile(spread(2), soon())
    assert.equal(workersStarted, 1)
    assert.deepEqual(counts(/raylet\/raylet /), [2, 2])
    assert.match(await logOf('aggregated-1-rank0'), /with GPUs 2,3/)
    assert.deepEqual(await check(deployer), [])
    await deployer.reconcile(spread(1), soon())
    assert.deepEqual(counts(/raylet\/raylet /), [1, 1])
  })

  for (const [host, rank] of [
    ['south', 1],
    ['north', 0],
  ] as const) {
    it(`is unfit when Ray is killed on rank ${rank}, and replaced whole`, async () => {
      const before = starters(host).map(({ pid }) => pid)
      for (const pid of before) process.kill(pid, 'SIGKILL')
      await deployer.broken?.()
      assert.match((await check(deployer)).join(' '), new RegExp(`aggregated-0-rank${rank} `))
      const { workersStarted, workersStopped } = await deployer.reconcile(spread(1), soon())
      assert.deepEqual([workersStarted, workersStopped], [1, 1])
      assert.deepEqual(counts(/raylet\/raylet /), [1, 1])
      for (const { pid } of starters(host)) assert.ok(!before.includes(pid))
      assert.deepEqual(await check(deployer), [])
    })
  }

  it('leaves nothing behind: no process and no file', async () => {
    const held = running('north', /raylet\/raylet /)[0]?.command
    const [, ours] = /(\/tmp\/fulcrum-\w+)\//.exec(held ?? '') ?? []
    assert.ok(ours !== undefined, held)
    await deployer.close()
    assert.deepEqual(counts(/ray|python/), [0, 0])
    await assert.rejects(readdir(ours), { code: 'ENOENT' })
    ledger.close()
    assert.deepEqual(await readdir(join(folder, 'ledger')), [])
  })
})

describe('a worker over Ray on two nodes of a Slurm allocation', { skip: noSlurm() }, () => {
  let cluster: Cluster
  let folder: string
  let deployer: Deployer
  const before_ = process.env.SLURM_CONF
  before(async () => {
    cluster = await startCluster(['fulcrum-a', 'fulcrum-b'])
    process.env.SLURM_CONF = cluster.configFile
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-ray-slurm-'))
    const config: SlurmConfig = {
      ...configOf(await pythonIn(folder)),
      ...{ head: '127.0.0.1', nodes: 2, gpus_per_node: 4, queue_timeout: 60 },
      ...{ salloc_args: [], srun_args: [], keep_slurm_variables: false },
    }
    const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    deployer = slurmDeployer(config, { model: model.name, runFolder: join(folder, 'run'), ledger })
  })
  after(async () => {
    await deployer?.close()
    await cluster?.[Symbol.asyncDispose]()
    if (before_ === undefined) delete process.env.SLURM_CONF
    else process.env.SLURM_CONF = before_
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('is one step, in which the first task runs the worker and the other one joins it', async () => {
    const context = soon()
    await deployer.reconcile(spread(1), context)
    const started = changes(context.events).started.filter(name => name.startsWith('agg'))
    assert.deepEqual(started, ['aggregated-0'])
    const log = await readFile(join(folder, 'run', 'deploy', 'logs', 'aggregated-0.log'), 'utf8')
    assert.match(log, /^0: 2 of 2 nodes have joined Ray$/m)
    assert.match(log, /^1: .*Ray runtime started/m)
    assert.deepEqual(await check(deployer), [])
  })
})
