import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
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
import { allProcesses, argumentsOf, environmentValue } from '../../src/process/proc.ts'
import { aggregated, changes, deployment, mocker, model, watch } from './dynamo-deployment.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'
import { until } from './until.ts'

/** Rank 0 is the mocker, once all ranks have joined it. */
const ranked: DynamoConfig = {
  ...mocker,
  backend: 'ranked',
  env: { ...mocker.env, PYTHONPATH: join(import.meta.dirname, 'stand-ins') },
}
/** A worker of 8 GPUs on two nodes. */
const spread = (workers: number): Deployment => ({
  ...deployment(aggregated(workers), { aggregated: { nodes_per_worker: 2 } }),
  gpusPerWorker: { prefill: 8, decode: 8, aggregated: 8 },
})
const soon = () => watch(AbortSignal.timeout(120_000))
const check = (deployer: Deployer) => deployer.check(AbortSignal.timeout(20_000))

describe('a worker on two hosts, over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  let folder: string
  let deployer: Deployer
  let ledger: ProcessLedger
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0, west: 0 })
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-multi-node-'))
    const config: DynamoConfig = {
      ...ranked,
      head: hosts.address,
      nodes: ['north', 'south', 'west'].map(name => ({ name, gpus: [0, 1, 2, 3] })),
      ssh: { config: hosts.sshConfig, options: {} },
    }
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    deployer = dynamoDeployer(
      config,
      { model: model.name, runFolder: join(folder, 'run'), ledger },
      nodesOf(config, ledger),
    )
  })
  after(async () => {
    await deployer?.close()
    await hosts?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })
  const ranksOn = (host: string) => hosts.pids(host).filter(({ command }) => /^\S*python -m ranked/.test(command))
  const counts = () => ['north', 'south', 'west'].map(host => ranksOn(host).length)
  const logOf = (name: string) => readFile(join(folder, 'run', 'deploy', 'logs', `${name}.log`), 'utf8')

  it('starts its ranks together, each on a host of its own, and is ready when all are', async () => {
    const context = soon()
    const { workersStarted } = await deployer.reconcile(spread(1), context)
    assert.equal(workersStarted, 1)
    assert.deepEqual(
      changes(context.events).started.filter(name => name.startsWith('agg')),
      ['aggregated-0-rank0', 'aggregated-0-rank1'],
    )
    assert.deepEqual(counts(), [1, 1, 0])
    assert.match(await logOf('aggregated-0-rank0'), /all 2 ranks are here/)
    assert.match(await logOf('aggregated-0-rank1'), /rank 1 of 2 has joined 198\.18\.\d+\.2 with GPUs 0,1,2,3 on eth0/)
    assert.deepEqual(await check(deployer), [])
  })

  it('tells where all of its GPUs are', () => {
    const holders = deployer.gpuPlaces?.().holders ?? []
    assert.deepEqual(
      holders.map(({ worker, host, gpus }) => [worker, host, gpus?.length]),
      [
        ['aggregated-0', 'north', 4],
        ['aggregated-0', 'south', 4],
      ],
    )
  })

  it('is unfit when one rank is killed, and replaced whole', async () => {
    const [first] = ranksOn('north')
    for (const { pid } of ranksOn('south')) process.kill(pid, 'SIGKILL')
    await deployer.broken?.()
    assert.match((await check(deployer)).join(' '), /aggregated-0-rank1 .* exited with code 137/)
    const { workersStarted, workersStopped } = await deployer.reconcile(spread(1), soon())
    assert.deepEqual([workersStarted, workersStopped], [1, 1])
    assert.deepEqual(counts(), [1, 1, 0])
    assert.notEqual(ranksOn('north')[0]?.pid, first?.pid)
    assert.deepEqual(await check(deployer), [])
  })

  it('fails at once when a rank is lost while it starts, naming the rank', async () => {
    for (const { pid } of ranksOn('south')) process.kill(pid, 'SIGKILL')
    await deployer.broken?.()
    const context = soon()
    const starting = deployer.reconcile(spread(1), {
      ...context,
      onEvent: event => {
        context.onEvent(event)
        if (event.kind !== 'start' || event.what !== 'aggregated-0-rank1') return
        void (async () => {
          await until(() => ranksOn('south').length > 0)
          for (const { pid } of ranksOn('south')) process.kill(pid, 'SIGKILL')
        })()
      },
    })
    await assert.rejects(starting, { message: /aggregated-0-rank1/ })
  })

  it('does not fit when too few hosts have room, which is told before anything starts', async () => {
    const context = soon()
    await assert.rejects(deployer.reconcile(spread(2), context), {
      kind: 'bad-input',
      message:
        /aggregated worker 2 of 2 of 8 GPUs on 2 nodes needs 2 nodes with 4 free GPUs each \(north has 0 of 4 free, south has 0 of 4 free, west has 4 of 4 free\)/,
    })
    assert.deepEqual(context.events, [])
  })

  it('leaves no rank behind', async () => {
    await deployer.close()
    assert.deepEqual(counts(), [0, 0, 0])
    ledger.close()
    assert.deepEqual(await readdir(join(folder, 'ledger')), [])
  })
})

describe('a worker on two nodes of a Slurm allocation', { skip: noSlurm() }, () => {
  const names = ['fulcrum-a', 'fulcrum-b', 'fulcrum-c']
  let cluster: Cluster
  let folder: string
  let deployer: Deployer
  const before_ = process.env.SLURM_CONF
  before(async () => {
    cluster = await startCluster(names)
    process.env.SLURM_CONF = cluster.configFile
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-multi-slurm-'))
    const config: SlurmConfig = {
      ...ranked,
      ...{ head: '127.0.0.1', nodes: 3, gpus_per_node: 4, queue_timeout: 60 },
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
  /** The nodes of its ranks, with their processes. */
  async function ranks(): Promise<readonly (readonly [node: string, pid: number])[]> {
    const all = await Promise.all(
      (await allProcesses()).map(async ({ pid }) => {
        const [, flag, name] = await argumentsOf(pid)
        const mine =
          flag === '-m' && name === 'ranked' && (await environmentValue(pid, 'SLURM_CONF')) === cluster.configFile
        return mine ? [[(await environmentValue(pid, 'SLURMD_NODENAME')) ?? '', pid] as const] : []
      }),
    )
    return all.flat().sort()
  }
  const nodesNow = async () => (await ranks()).map(([node]) => node)

  it('is one step over both nodes, a task on each', async () => {
    const context = soon()
    await deployer.reconcile(spread(1), context)
    assert.deepEqual(
      changes(context.events).started.filter(name => name.startsWith('agg')),
      ['aggregated-0'],
    )
    assert.deepEqual(await nodesNow(), names.slice(0, 2))
    const log = await readFile(join(folder, 'run', 'deploy', 'logs', 'aggregated-0.log'), 'utf8')
    assert.match(log, /^1: rank 1 of 2 has joined 127\.0\.0\.1/m)
    assert.deepEqual(await check(deployer), [])
  })

  it('ends whole when one task is killed, and is replaced whole', async () => {
    const before = await ranks()
    const [, second] = before
    assert.ok(second !== undefined)
    process.kill(second[1], 'SIGKILL')
    await deployer.broken?.()
    assert.match((await check(deployer)).join(' '), /aggregated-0/)
    await deployer.reconcile(spread(1), soon())
    assert.deepEqual(await nodesNow(), names.slice(0, 2))
    assert.deepEqual(await check(deployer), [])
  })

  it('moves to the nodes that are left when one goes down', async () => {
    cluster.run('scontrol', 'update', `NodeName=${names[1]}`, 'State=DOWN', 'Reason=unplugged')
    await deployer.broken?.()
    await deployer.reconcile(spread(1), soon())
    assert.deepEqual(await nodesNow(), [names[0], names[2]])
  })

  it('leaves no rank behind', async () => {
    await deployer.close()
    assert.deepEqual(await nodesNow(), [])
  })
})
