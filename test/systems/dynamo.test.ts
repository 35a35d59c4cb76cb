import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { attachDeployer } from '../../src/deploy/attach.ts'
import type { Deployer } from '../../src/deploy/deployer.ts'
import { checkEndpoint } from '../../src/deploy/doctor/endpoint.ts'
import { dynamoDeployer } from '../../src/deploy/dynamo.ts'
import { probe } from '../../src/load/probe.ts'
import type { Endpoint, EngineSettings, Role, Topology } from '../../src/point/index.ts'
import { openLedger, type ProcessLedger } from '../../src/process/ledger.ts'
import { groupMembers } from '../../src/process/proc.ts'
import {
  aggregated,
  changes,
  deployment,
  disaggregated,
  mocker,
  model,
  startedPids,
  watch,
} from './dynamo-deployment.ts'

/** One real deployment, changed from test to test in this order: bringing it up anew each time would take minutes. */
describe('a real Dynamo deployment', () => {
  let folder = ''
  let ledger: ProcessLedger
  let deployer: Deployer
  let endpoint: Endpoint
  const pids = new Map<string, number>()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-dynamo-test-'))
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    deployer = dynamoDeployer(mocker, { model: model.name, runFolder: join(folder, 'run'), ledger })
  })
  after(async () => {
    await deployer.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function become(topology: Topology, engine: { readonly [role in Role]?: EngineSettings } = {}) {
    const context = watch(AbortSignal.timeout(200_000))
    const reconciled = await deployer.reconcile(deployment(topology, engine), context)
    endpoint = reconciled.endpoint
    for (const [name, pid] of Object.entries(startedPids(context.events))) pids.set(name, pid)
    return { ...reconciled, ...changes(context.events) }
  }

  const pidOf = (name: string): number => pids.get(name) ?? assert.fail(`no ${name}`)
  const infrastructure = async (name: string): Promise<number> => {
    const content = JSON.parse(await readFile(join(folder, 'ledger', `${ledger.id}.json`), 'utf8'))
    return content.processes.find((entry: { name: string }) => entry.name === name).pid
  }
  const ask = () => probe(endpoint, { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000, streaming: true })
  const check = () => deployer.check(AbortSignal.timeout(10_000))
  /** Kills a process and waits until the deployer tells how it ended. */
  async function problemsAfterKilling(pid: number): Promise<string> {
    process.kill(pid, 'SIGKILL')
    for (let i = 0; i < 2400; i++) {
      const problems = (await check()).join('\n')
      if (problems.includes('SIGKILL')) return problems
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    return assert.fail('nothing was noticed')
  }
  const requestsOf = async (source: string): Promise<number> => {
    const text = await (await fetch(endpoint.metricsUrls[source] ?? '')).text()
    return Number(/^dynamo_component_requests_total\{.*dynamo_endpoint="generate".*\} (\d+)/m.exec(text)?.[1] ?? 0)
  }

  it('comes up as 1P1D and has answered', async () => {
    const { started, workersStarted } = await become(disaggregated(1, 1))
    assert.deepEqual(started, ['decode-0', 'frontend', 'prefill-0'])
    assert.equal(workersStarted, 2)
    assert.equal((await ask()).outputTokens, 4)
    assert.deepEqual(await check(), [])
    assert.deepEqual(Object.keys(endpoint.metricsUrls).sort(), ['decode-0', 'frontend', 'prefill-0'])
    assert.ok((await requestsOf('prefill-0')) > 0)
  })

  it('listens on loopback only', async () => {
    const groups = [...pids.values(), await infrastructure('nats'), await infrastructure('etcd')]
    const ours = (await Promise.all(groups.map(groupMembers))).flat()
    const { stdout } = await execa('ss', ['-ltnpH'])
    const rows = stdout.split('\n').filter(row => ours.some(pid => row.includes(`pid=${pid},`)))
    assert.ok(rows.length >= 5, stdout)
    const outward = rows.filter(row => !/^LISTEN\s+\d+\s+\d+\s+(127\.0\.0\.1|\[::1\]):/.test(row))
    assert.deepEqual(outward, [])
  })

  it('grows to 2P1D by one worker, the others untouched, and uses it', async () => {
    const { started, stopped } = await become(disaggregated(2, 1))
    assert.deepEqual([started, stopped], [['prefill-1'], []])
    for (let i = 0; i < 4; i++) await ask()
    assert.ok((await requestsOf('prefill-1')) >= 2)
  })

  it('turns into 1P2D by one worker of each role', async () => {
    const { started, stopped } = await become(disaggregated(1, 2))
    assert.deepEqual([started, stopped], [['decode-1'], ['prefill-1']])
    assert.deepEqual(await groupMembers(pidOf('prefill-1')), [])
  })

  it('restarts only the role whose engine setting changed', async () => {
    const { started, stopped } = await become(disaggregated(1, 2), { decode: { max_num_seqs: 64 } })
    assert.deepEqual(
      [started, stopped],
      [
        ['decode-0', 'decode-1'],
        ['decode-0', 'decode-1'],
      ],
    )
  })

  it('turns into two aggregated workers behind the same frontend', async () => {
    const { started, workersStopped } = await become(aggregated(2))
    assert.deepEqual(started, ['aggregated-0', 'aggregated-1'])
    assert.equal(workersStopped, 3)
    assert.deepEqual(await check(), [])
  })

  it('names a killed worker with its end, and replaces just that one', async () => {
    assert.match(
      await problemsAfterKilling(pidOf('aggregated-1')),
      /^aggregated-1 \(process \d+\) was killed by SIGKILL\n {2}aggregated-1: /,
    )
    const { started, workersStopped } = await become(aggregated(2))
    assert.deepEqual([started, workersStopped], [['aggregated-1'], 1])
    assert.deepEqual(await check(), [])
  })

  it('has a killed frontend again, with the workers that still run', async () => {
    assert.match(await problemsAfterKilling(pidOf('frontend')), /^frontend .*SIGKILL/)
    const { started, stopped } = await become(aggregated(2))
    assert.deepEqual([started, stopped], [['frontend'], []])
  })

  it('has a killed NATS again, and keeps its workers', async () => {
    assert.match(await problemsAfterKilling(await infrastructure('nats')), /nats .*SIGKILL/)
    const { started } = await become(aggregated(2))
    assert.deepEqual(started, [])
    assert.deepEqual(await check(), [])
  })

  it('is started anew when etcd was killed, because discovery is lost', async () => {
    assert.match(await problemsAfterKilling(await infrastructure('etcd')), /etcd .*SIGKILL/)
    const { started } = await become(aggregated(2))
    assert.deepEqual(started, ['aggregated-0', 'aggregated-1', 'frontend'])
    assert.deepEqual(await check(), [])
  })

  it('stops waiting when interrupted, and comes up at the next try', async () => {
    const interruption = new AbortController()
    const context = watch(interruption.signal)
    const interrupted = deployer.reconcile(deployment(disaggregated(1, 1)), {
      ...context,
      onEvent: event => {
        if (event.kind === 'start') interruption.abort(new Error('enough'))
      },
    })
    await assert.rejects(interrupted, /enough/)
    assert.notDeepEqual(await check(), [])
    await become(disaggregated(1, 1))
    assert.deepEqual(await check(), [])
  })

  it('can be attached to, as the one topology that it is', async () => {
    const attached = attachDeployer({ with: 'attach', url: endpoint.url, gpus: 8, dialect: 'dynamo-1' }, model.name)
    const context = watch(AbortSignal.timeout(30_000))
    const { endpoint: seen } = await attached.reconcile(deployment(disaggregated(1, 1)), context)
    assert.equal(seen.url, endpoint.url)
    assert.deepEqual(await attached.check(context.signal), [])
    await assert.rejects(attached.reconcile(deployment(disaggregated(2, 1)), context), {
      code: 'attached-endpoint-is-fixed',
    })
  })

  it('passes the doctor, which tells a wrong model name from a right one', async () => {
    const config = { with: 'attach', url: endpoint.url, gpus: 8, dialect: 'dynamo-1' } as const
    const failed = async (name: string) => (await checkEndpoint(config, name)).filter(c => !c.ok).map(c => c.name)
    assert.deepEqual(await failed(model.name), [])
    assert.deepEqual(await failed('no/such-model'), ['model', 'completion, streamed', 'completion'])
  })

  it('leaves nothing behind when closed', async () => {
    const groups = [...pids.values(), await infrastructure('nats'), await infrastructure('etcd')]
    await deployer.close()
    await deployer.close()
    assert.deepEqual((await Promise.all(groups.map(groupMembers))).flat(), [])
    assert.deepEqual(await check(), ['nothing is deployed'])
    ledger.close()
    assert.deepEqual(await readdir(join(folder, 'ledger')), [])
  })
})
