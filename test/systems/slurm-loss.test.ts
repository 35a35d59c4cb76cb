import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { noRoomLeft } from '../../src/deployers/deployer.ts'
import type { DynamoServeConfig } from '../../src/deployers/dynamo-serve/config.ts'
import { dynamoServeDeployer } from '../../src/deployers/dynamo-serve/dynamo-serve.ts'
import { nodesOf } from '../../src/deployers/nodes/create.ts'
import type { SlurmConfig } from '../../src/deployers/slurm/config.ts'
import { slurmDeployer } from '../../src/deployers/slurm/slurm.ts'
import { probe } from '../../src/generators/probe.ts'
import { aggregated, changes, deployment, disaggregated, mocker, model, watch } from './dynamo-deployment.ts'
import { dynamoServe } from './dynamo-serve-deployment.ts'
import { oneDeployment } from './one-deployment.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'
import { until } from './until.ts'

/** Each node holds one worker: 1P1D takes both, and the third node is a spare. */
const config: SlurmConfig = {
  ...mocker,
  head: '127.0.0.1',
  env: { ...mocker.env, ETCD_LEASE_TTL: '3' },
  nodes: 2,
  gpus_per_node: 4,
  queue_timeout: 10,
  salloc_args: [],
  srun_args: [],
  keep_slurm_variables: false,
}

describe('Dynamo workers in Slurm allocations that lose nodes', { skip: noSlurm() }, () => {
  let cluster: Cluster
  const before_ = process.env.SLURM_CONF
  before(async () => {
    cluster = await startCluster(['n1', 'n2', 'n3'])
    process.env.SLURM_CONF = cluster.configFile
  })
  after(async () => {
    if (before_ === undefined) delete process.env.SLURM_CONF
    else process.env.SLURM_CONF = before_
    await cluster?.[Symbol.asyncDispose]()
  })
  const real = oneDeployment(place => slurmDeployer(config, place))
  const { become, check } = real

  const take = (node: string, state: string) =>
    cluster.run('scontrol', 'update', `NodeName=${node}`, `State=${state}`, 'Reason=unplugged')
  const jobs = () => cluster.run('squeue', '--noheader', '--format=%T %N').trim().split('\n').toSorted()
  async function checkUntil(pattern: RegExp): Promise<void> {
    let problems: readonly string[] = []
    await until(async () => {
      problems = await check()
      return problems.some(problem => pattern.test(problem))
    })
    assert.match(problems.join('\n'), pattern)
  }

  it('one node of two that fails is named, and replaced by a spare one without touching the other', async () => {
    await become(disaggregated(1, 1))
    assert.deepEqual(jobs(), ['RUNNING n[1-2]'])
    take('n2', 'DOWN')
    await checkUntil(/node n2 is \S*DOWN\S*: unplugged/)
    const { started } = await become(disaggregated(1, 1))
    assert.deepEqual(started, ['Slurm job 2 on n3', 'decode-0'])
    assert.deepEqual(await check(), [])
  })

  it('without a spare, what needs the node has no room, and what fits goes on', async () => {
    take('n3', 'DOWN')
    await assert.rejects(become(disaggregated(1, 1)), {
      code: noRoomLeft,
      message: /1P1D does not fit on the remaining nodes.*Slurm job 2 is NODE_FAIL.*No allocation within 10 s/,
    })
    const { started } = await become(aggregated(1))
    assert.deepEqual(started, ['aggregated-0'])
    assert.deepEqual(await check(), [])
  })

  it('an allocation that is pushed out by a more urgent job is named, and asked for again', async () => {
    for (const node of ['n2', 'n3']) take(node, 'RESUME')
    cluster.run('sbatch', '--partition=urgent', '--nodes=3', '--exclusive', '--output=/dev/null', '--wrap=sleep 1000')
    await checkUntil(/^Slurm job 1 is (PREEMPTED|COMPLETING|CANCELLED)/m)
    await assert.rejects(become(disaggregated(1, 1)), { code: 'slurm-queue-timeout', message: /PENDING/ })
    cluster.run('scancel', '--partition=urgent')
    const states = () =>
      cluster.run('sinfo', '--noheader', '--Node', '--partition=batch', '--format=%T').trim().split('\n')
    await until(() => states().every(state => state === 'idle'))
    const { started } = await become(disaggregated(1, 1))
    assert.match(started[0] ?? '', /^Slurm job \d+ on n\[/)
    assert.deepEqual(await check(), [])
  })

  it('leaves no job behind', async () => {
    await real.deployer.close()
    await until(() => jobs().join('') === '')
    assert.deepEqual(jobs(), [''])
  })

  it('dynamo serve runs in an allocation too, its head as a step like the others', async () => {
    const { nodes, gpus_per_node, queue_timeout, salloc_args, srun_args, keep_slurm_variables } = config
    const slurm = { nodes, gpus_per_node, queue_timeout, salloc_args, srun_args, keep_slurm_variables }
    const { gpus: _, ...serve } = dynamoServe
    const here: DynamoServeConfig = { ...serve, head: '127.0.0.1', slurm }
    const place = { model: model.name, runFolder: join(real.folder, 'serve'), ledger: real.ledger }
    const deployer = dynamoServeDeployer(here, place, nodesOf(here, place.ledger))
    const context = watch(AbortSignal.timeout(150_000))
    const { endpoint } = await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    const answered = await probe(endpoint, { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000, streaming: true })
    assert.equal(answered.outputTokens, 16)
    assert.deepEqual(changes(context.events).started.slice(1), ['decode-0', 'prefill-0'])
    assert.deepEqual(await deployer.check(AbortSignal.timeout(20_000)), [])
    await deployer.close()
    await until(() => jobs().join('') === '')
    assert.deepEqual(jobs(), [''])
  })
})
