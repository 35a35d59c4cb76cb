import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { runSweepFile } from '../../src/commands/run.ts'
import { gpuHosts } from '../../src/deployers/gpu-hosts.ts'
import { nodesOf } from '../../src/deployers/nodes/create.ts'
import type { PointResult } from '../../src/journal/index.ts'
import { readRun } from '../../src/journal/index.ts'
import { energyOfRole } from '../../src/metrics/figures/energy.ts'
import type { Role } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'
import type { RunProgress } from '../../src/runner/run.ts'
import { watchGpus } from '../../src/telemetry/gpu/watch.ts'
import { type Workplace, workplace } from '../cli/fulcrum-process.ts'
import { deployment, disaggregated, watch } from './dynamo-deployment.ts'
import { gb200, mockers } from './dynamo-sweep.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'

const standIns = join(import.meta.dirname, 'stand-ins/gpus')

/** 1P1D takes four GPUs of each of two nodes. */
const sweep = (where: string) => `
name: gpu-telemetry
model: nvidia/DeepSeek-R1-FP4
deploy:
${where}
${mockers({ args: gb200, env: 'ETCD_LEASE_TTL: 3' })}
  gpus_per_worker: 4
topologies: [1P1D]
workloads: [500/100]
load: { concurrency: [3], requests: 8x, warmup: 1 }
telemetry: { gpus: { nvidia_smi: true, sample: 200ms } }
`

/** Runs the sweep of a workplace, and gives what came of its only point. */
async function measured(place: Workplace, onProgress: (progress: RunProgress) => void = () => {}) {
  const { folder } = await runSweepFile({
    file: place.sweepFile,
    resultsRoot: join(place.folder, 'results'),
    startNew: true,
    signal: AbortSignal.timeout(200_000),
    onProgress,
  })
  const run = await readRun(folder)
  const results = run.lines.flatMap(({ event }) => (event.type === 'point' ? [event.result] : []))
  return { run, result: results[0] ?? assert.fail('no point') }
}

/** That each role has four GPUs of one node, and the energy that these drew. */
function assertEnergies({ measurement }: PointResult, firstNode: string): void {
  assert.ok(measurement !== null)
  const { gpus: { gpus = [], energyJ = null, source = '' } = {}, durationS } = measurement
  assert.equal(source, 'nvidia-smi')
  const wattsOf = (name: string): number => {
    const [, node, index] = /^(\w+) gpu (\d)$/.exec(name) ?? []
    return (node === firstNode ? 100 : 200) + 10 * Number(index)
  }
  const near = (joules: number | null, watts: number, what: string) => {
    assert.ok(joules !== null, `the energy of ${what} is unknown`)
    assert.ok(Math.abs(joules / durationS - watts) < 0.01, `${what}: ${joules} J in ${durationS} s are not ${watts} W`)
  }
  const total = (role: Role) => {
    const own = gpus.filter(gpu => gpu.role === role)
    assert.deepEqual([own.length, new Set(own.map(({ name }) => name.split(' ')[0])).size], [4, 1])
    return own.reduce((sum, { name }) => sum + wattsOf(name), 0)
  }
  for (const gpu of gpus) near(gpu.energyJ, wattsOf(gpu.name), gpu.name)
  for (const role of ['prefill', 'decode'] as const) near(energyOfRole(measurement, role), total(role), role)
  near(energyJ, total('prefill') + total('decode'), 'the deployment')
}

const energyFindings = ({ findings }: PointResult) =>
  findings.filter(({ code }) => code.startsWith('gpu-energy') || code.startsWith('gpus-'))

describe('the GPUs of hosts of their own, over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  before(async () => {
    const path = `${standIns}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
    hosts = await createHosts({ north: 0, south: 0 }, `SetEnv PATH=${path}`)
  })
  after(async () => await hosts?.[Symbol.asyncDispose]())

  const overSsh = () =>
    sweep(`  with: dynamo
  head: ${hosts.address}
  ssh: { config: ${hosts.sshConfig}, options: { ConnectTimeout: 3, ServerAliveInterval: 1 } }
  nodes: [{ name: north, gpus: 4 }, { name: south, gpus: 4 }]`)
  const samplersOn = (host: string) => hosts.processes(host).filter(line => line.includes('nvidia-smi'))

  it('a point has the energy of each role, as its hosts measured it, and no sampler outlives it', async () => {
    await using place = await workplace(overSsh())
    process.env.FULCRUM_STATE_DIR = place.state
    const sampled = new Set<string>()
    const { result, run } = await measured(place, progress => {
      if (progress.step !== 'measuring' || progress.load?.phase !== 'measuring') return
      for (const host of ['north', 'south']) if (samplersOn(host).length > 0) sampled.add(host)
    })
    assert.deepEqual([...sampled].sort(), ['north', 'south'])
    assert.deepEqual(energyFindings(result), [])
    assertEnergies(result, 'north')
    const [row] = parse<{ gpu_energy_j: string }>(pointsCsv(run), { columns: true })
    assert.equal(Number(row?.gpu_energy_j), result.measurement?.gpus?.energyJ)
    assert.deepEqual([samplersOn('north'), samplersOn('south')], [[], []])
  })

  it('a host that is cut off in the middle leaves the energy empty, and one finding says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-cut-'))
    const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    const options = { ConnectTimeout: '3', ServerAliveInterval: '1' }
    const config = {
      head: hosts.address,
      nodes: [{ name: 'north' }, { name: 'south' }],
      ssh: { config: hosts.sshConfig, options },
    }
    const nodes = nodesOf(config, ledger)('fulcrum-cut', folder)
    await nodes.open(watch(AbortSignal.timeout(60_000)))
    const at = (worker: string, role: Role, host: string) => ({ worker, role, host, gpus: [0, 1, 2, 3] })
    const places = {
      holders: [at('prefill-0', 'prefill', 'north'), at('decode-0', 'decode', 'south')],
      hosts: ['north', 'south'],
      launcher: nodes.launcher,
    }
    const asked = { dcgm: [], nvidiaSmi: true, sampleS: 1, devices: null }
    const gpuWatch = watchGpus(asked, gpuHosts(places, folder, ledger))
    await gpuWatch.ready()
    const window = { startedAt: new Date().toISOString(), durationS: 3 }
    await sleep(1_000)
    hosts.cut('south')
    await sleep(2_000)
    const { gpus, findings } = await gpuWatch.observed(window, deployment(disaggregated(1, 1)))
    hosts.join('south')
    await gpuWatch[Symbol.asyncDispose]()
    await nodes.close()
    await rm(folder, { recursive: true, force: true })
    const known = Map.groupBy(gpus?.gpus ?? [], ({ role }) => role)
    assert.deepEqual([gpus?.energyJ, known.get('decode')?.map(({ energyJ }) => energyJ)], [null, Array(4).fill(null)])
    assert.deepEqual(
      known.get('prefill')?.map(({ powerMeanW }) => powerMeanW),
      [100, 110, 120, 130],
    )
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['gpu-energy-unknown'],
    )
    assert.match(
      findings[0]?.message ?? '',
      /south gpu 0: there are no samples of the last [\d.]+ s of the window \(and 3 more\)/,
    )
  })
})

describe('the GPUs of nodes in a Slurm allocation', { skip: noSlurm() }, () => {
  let cluster: Cluster
  const before_ = { path: process.env.PATH, slurm: process.env.SLURM_CONF }
  before(async () => {
    cluster = await startCluster(['n1', 'n2'])
    process.env.SLURM_CONF = cluster.configFile
    process.env.PATH = `${standIns}:${before_.path}`
  })
  after(async () => {
    await cluster?.[Symbol.asyncDispose]()
    process.env.PATH = before_.path
    if (before_.slurm === undefined) delete process.env.SLURM_CONF
    else process.env.SLURM_CONF = before_.slurm
  })

  it('are sampled in steps of their own, and a point has the energy of each role', async () => {
    await using place = await workplace(
      sweep('  with: slurm\n  head: 127.0.0.1\n  nodes: 2\n  gpus_per_node: 4\n  queue_timeout: 60'),
    )
    process.env.FULCRUM_STATE_DIR = place.state
    const steps = new Set<string>()
    const { result } = await measured(place, progress => {
      if (progress.step !== 'measuring' || progress.load?.phase !== 'measuring' || steps.size > 0) return
      const names = cluster.run('squeue', '--noheader', '--steps', '--format=%j').split('\n')
      for (const name of names) if (name.startsWith('gpus-')) steps.add(name.trim())
    })
    assert.deepEqual([...steps].sort(), ['gpus-n1', 'gpus-n2'])
    assert.deepEqual(energyFindings(result), [])
    assertEnergies(result, 'n1')
  })
})
