import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runSweepFile } from '../../src/commands/run.ts'
import { type Deployer, noRoomLeft } from '../../src/deployers/deployer.ts'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { silenceS } from '../../src/deployers/launch/guard.ts'
import { nodesOf } from '../../src/deployers/nodes/create.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { deployment, disaggregated, mocker, model, watch } from './dynamo-deployment.ts'
import { mockers } from './dynamo-sweep.ts'
import { deployAndKill, endWhatStayed } from './killed-fulcrum.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { until } from './until.ts'

/** A cut connection is noticed in seconds. */
const impatient = { ConnectTimeout: '3', ServerAliveInterval: '2' }

const sweep = (hosts: Hosts) => `
name: nodes
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
${mockers({ args: 'engine-type: trtllm, speedup-ratio: 10', env: 'ETCD_LEASE_TTL: 3' })}
  head: ${hosts.address}
  ssh: { config: ${hosts.sshConfig} }
  nodes: [{ name: north, gpus: 8 }, { name: south, gpus: 4 }]
  gpus_per_worker: 4
topologies: [1P1D, 1P2D]
workloads: [200/20]
load: { concurrency: [2], requests: 8x, warmup: 1 }
`

describe('Dynamo workers on hosts of their own, over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  let folder: string
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0 })
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-nodes-'))
  })
  after(async () => {
    await hosts?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const workersOn = (host: string) => hosts.processes(host).filter(line => /^\S*python -m dynamo\.mocker/.test(line))
  const rolesOn = (host: string) =>
    workersOn(host)
      .map(line => /--disaggregation-mode (\w+)/.exec(line)?.[1] ?? 'aggregated')
      .sort()

  const configOn = (nodes: readonly string[]): DynamoConfig => ({
    ...mocker,
    head: hosts.address,
    nodes: nodes.map(node => ({ name: node })),
    ssh: { config: hosts.sshConfig, options: impatient },
  })
  async function deployerOn(nodes: readonly string[], name: string) {
    const config = configOn(nodes)
    const ledger = await openLedger({ runFolder: folder, folder: join(folder, name) })
    const place = { model: model.name, runFolder: join(folder, `run-${name}`), ledger }
    return { deployer: dynamoDeployer(config, place, nodesOf(config, ledger)), ledger }
  }

  it('a sweep changes deployments that spread over both hosts, and leaves nothing on either', async () => {
    await using place = await workplace(sweep(hosts))
    process.env.FULCRUM_STATE_DIR = place.state
    const seen = new Map<string, string>()
    const outcome = await runSweepFile({
      file: place.sweepFile,
      resultsRoot: join(place.folder, 'results'),
      startNew: true,
      signal: AbortSignal.timeout(120_000),
      onProgress: progress => {
        if (progress.step !== 'measuring') return
        const { topology } = progress.point.deployment
        seen.set(JSON.stringify(topology), `${rolesOn('north')} | ${rolesOn('south')}`)
      },
    })
    assert.deepEqual([outcome.outcome, outcome.points.missing, outcome.points.failed], ['complete', 0, 0])
    assert.deepEqual(Object.fromEntries(seen), {
      [JSON.stringify(disaggregated(1, 1))]: 'decode | prefill',
      [JSON.stringify(disaggregated(1, 2))]: 'decode,decode | prefill',
    })
    assert.deepEqual([workersOn('north'), workersOn('south')], [[], []])
    assert.deepEqual(await place.recorded(), [])
  })

  it('a host that can’t be reached is named before anything starts', async () => {
    const { deployer } = await deployerOn(['north', 'no-such-host.invalid'], 'unreachable')
    const context = watch(AbortSignal.timeout(60_000))
    await assert.rejects(deployer.reconcile(deployment(disaggregated(1, 1)), context), {
      kind: 'environment',
      code: 'node-unreachable',
      message: /no-such-host\.invalid.*resolve/i,
    })
    assert.deepEqual(context.events, [])
    await deployer.close()
    assert.deepEqual(workersOn('north'), [])
  })

  it('a Fulcrum that is killed takes its workers on all hosts with it, and its connections', async () => {
    const killed = join(folder, 'killed')
    await deployAndKill(configOn(['north', 'south']), killed)
    for (const host of ['north', 'south']) {
      await until(() => workersOn(host).length === 0)
      assert.deepEqual(workersOn(host), [])
    }
    assert.deepEqual(await endWhatStayed(killed), ['etcd', 'frontend', 'nats'])
  })

  it('a host that is cut off is named, is used again once it is back, and what ran on it ends by itself', async () => {
    const { deployer, ledger } = await deployerOn(['north', 'south'], 'cut')
    try {
      await deployer.reconcile(deployment(disaggregated(1, 1)), watch(AbortSignal.timeout(100_000)))
      assert.deepEqual([rolesOn('north'), rolesOn('south')], [['prefill'], ['decode']])
      assert.deepEqual(await check(deployer), [])
      hosts.cut('south')
      const problems = await check(deployer)
      assert.match(problems[0] ?? '', /^node south \(198\.18\.\d+\.3\) does not respond over ssh/)
      const again = deployer.reconcile(deployment(disaggregated(1, 1)), watch(AbortSignal.timeout(60_000)))
      await assert.rejects(again, { code: noRoomLeft, message: /^1P1D does not fit .*; node south \(/s })
      hosts.join('south')
      const context = watch(AbortSignal.timeout(100_000))
      await deployer.reconcile(deployment(disaggregated(1, 1)), context)
      assert.ok(context.events.some(event => event.kind === 'back' && event.what === 'node south'))
      assert.deepEqual(await check(deployer), [])
      hosts.cut('south')
    } finally {
      await deployer.close()
    }
    assert.deepEqual(workersOn('north'), [])
    await until(() => workersOn('south').length === 0, (silenceS + 60) * 1000)
    assert.deepEqual(workersOn('south'), [])
    ledger.close()
    assert.deepEqual(await readdir(join(folder, 'cut')), [])
  })
})

function check(deployer: Deployer): Promise<readonly string[]> {
  return deployer.check(AbortSignal.timeout(20_000))
}
