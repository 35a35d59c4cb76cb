// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { DeployContext, DeployEvent, Deployer } from '../../src/deployers/deployer.ts'
import { changesBetween } from '../../src/deployers/simulated/changes.ts'
import type { SimulatedConfig } from '../../src/deployers/simulated/config.ts'
import { simulatedDeployer } from '../../src/deployers/simulated/simulated.ts'
import type { Deployment, EngineSettings, Topology } from '../../src/model/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import type { ProcessLedger } from '../../src/process/ledger.ts'
import { openLedger } from '../../src/process/ledger.ts'

const config: SimulatedConfig = { profile: 'deepseek-r1-fp4-gb200' }
const model = { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' }

function deployment(topology: Topology, engine: Deployment['engine'] = {}): Deployment {
  return { id: 'test', topology, model, engine, gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 } }
}
const disaggregated = (prefill: number, decode: number, settings: EngineSettings = {}) =>
  deployment({ kind: 'disaggregated', prefill, decode }, { decode: settings })

describe('the change between two deployments', () => {
  test('is nothing between equal ones', () => {
    assert.deepEqual(changesBetween(disaggregated(2, 3), disaggregated(2, 3)), [])
  })
  test('is one worker where one more is wanted', () => {
    const [change, ...more] = changesBetween(disaggregated(2, 3), disaggregated(3, 3))
    assert.deepEqual([change?.role, change?.stop, change?.start, more], ['prefill', 0, 1, []])
  })
  test('restarts the role whose settings changed, and no other', () => {
    const [change, ...more] = changesBetween(disaggregated(2, 2), disaggregated(2, 3, { max_batch_size: 64 }))
    assert.deepEqual([change?.role, change?.stop, change?.start, more], ['decode', 2, 3, []])
  })
})

describe('the simulated deployer', () => {
  let folder: string
  let ledger: ProcessLedger
  let deployer: Deployer
  const events: DeployEvent[] = []
  const context = (): DeployContext => {
    events.length = 0
    return { signal: AbortSignal.timeout(20_000), onEvent: event => events.push(event) }
  }
  const named = (kind: DeployEvent['kind']) => events.filter(event => event.kind === kind).map(event => event.what)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-simulated-'))
    ledger = await openLedger({ folder: join(folder, 'state') })
    deployer = simulatedDeployer(config, { runFolder: folder, ledger, loadMs: 0 })
  })
  after(async () => {
    await deployer.close()
    ledger.close()
    await rm(folder, { recursive: true })
  })

  test('answers, and says where each worker keeps its metrics', async () => {
    const { endpoint, workersStarted } = await deployer.reconcile(disaggregated(1, 1), context())
    assert.equal(workersStarted, 2)
    assert.deepEqual(Object.keys(endpoint.metricsUrls).sort(), ['decode-0', 'frontend', 'prefill-0'])
    for (const url of Object.values(endpoint.metricsUrls)) assert.equal((await fetch(url)).status, 200)
  })
  test('scales a role in place, in the same process', async () => {
    const grown = await deployer.reconcile(disaggregated(3, 1), context())
    assert.deepEqual(named('start').sort(), ['prefill-1', 'prefill-2'])
    const shrunk = await deployer.reconcile(disaggregated(1, 1), context())
    assert.deepEqual(named('stop').sort(), ['prefill-1', 'prefill-2'])
    assert.equal(grown.endpoint.url, shrunk.endpoint.url)
  })
  test('changes the router of a variant in the running engine, and no worker', async () => {
    const configs = new Map([['least', { ...config, router: 'least-loaded' as const }]])
    const routed = simulatedDeployer(config, {
      runFolder: folder,
      ledger,
      loadMs: 0,
      configOf: ({ variant = '' }) => configs.get(variant) ?? config,
    })
    const first = await routed.reconcile(disaggregated(2, 1), context())
    const second = await routed.reconcile({ ...disaggregated(2, 1), variant: 'least' }, context())
    assert.deepEqual(named('restart'), ['router'])
    assert.deepEqual([second.workersStarted, second.workersStopped], [0, 0])
    assert.equal(second.endpoint.url, first.endpoint.url)
    await routed.close()
  })
  test('goes from disaggregated to aggregated', async () => {
    const { endpoint } = await deployer.reconcile(deployment({ kind: 'aggregated', workers: 2 }), context())
    assert.deepEqual(Object.keys(endpoint.metricsUrls).sort(), ['aggregated-0', 'aggregated-1', 'frontend'])
  })
  test('refuses a setting that the engine does not model, by its name', async () => {
    await assert.rejects(deployer.reconcile(disaggregated(1, 1, { speculative_config: 1 }), context()), error => {
      return error instanceof FulcrumError && error.message.includes('engine.decode.speculative_config')
    })
  })
  test('comes back after a change that failed half-way', async () => {
    assert.equal((await deployer.reconcile(disaggregated(1, 1), context())).workersStarted, 2)
    assert.deepEqual(await deployer.check(AbortSignal.timeout(1000)), [])
  })
  test('notices a killed engine, and repairs it', async () => {
    const before = await deployer.reconcile(disaggregated(1, 2), context())
    const models = await fetch(`${before.endpoint.url}/v1/models`)
    assert.equal(models.status, 200)
    const second = simulatedDeployer(config, { runFolder: folder, ledger, loadMs: 0 })
    await second.reconcile(disaggregated(1, 1), context())
    const pid = events.find(event => event.kind === 'start' && event.what === 'engine')
    assert.ok(pid?.kind === 'start' && pid.pid !== undefined)
    process.kill(pid.pid, 'SIGKILL')
    while ((await second.check(AbortSignal.timeout(1000))).length === 0)
      await new Promise(resolve => setImmediate(resolve))
    const repaired = await second.reconcile(disaggregated(1, 1), context())
    assert.equal(repaired.workersStarted, 2)
    await second.close()
    await assert.rejects(fetch(`${repaired.endpoint.url}/health`))
  })
  test('previews its command without running it', () => {
    const { commands } = deployer.preview(null, disaggregated(2, 1))
    assert.match(commands[0]?.argv.join(' ') ?? '', /simulator\/main\.ts .*deepseek-r1-fp4-gb200/)
    assert.match(commands[0]?.note ?? '', /\+2 prefill, \+1 decode/)
  })
})
