import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ReportedOutcome } from '../../src/commands/execute.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { silenceS } from '../../src/deployers/launch/guard.ts'
import { type PointResult, readRun } from '../../src/journal/index.ts'
import type { Point } from '../../src/model/index.ts'
import { allProcesses, argumentsOf, environmentValue } from '../../src/process/proc.ts'
import type { RunProgress } from '../../src/runner/run.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { gb200, mockers } from './dynamo-sweep.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'
import { until } from './until.ts'

/** One worker of 8 GPUs on two of three nodes, whose ranks need each other. */
const sweep = (nodes: string) => `
name: lost-rank
model: nvidia/DeepSeek-R1-FP4
deploy:
${mockers({
  backend: 'ranked',
  args: gb200,
  env: `ETCD_LEASE_TTL: 3, DYN_GRACEFUL_SHUTDOWN_GRACE_PERIOD_SECS: 0, PYTHONPATH: ${join(import.meta.dirname, 'stand-ins')}`,
})}
  ${nodes}
  gpus_per_worker: 8
engine: { aggregated: { nodes_per_worker: 2 } }
topologies: [agg x1]
workloads: [500/100]
load: { concurrency: [2, 3, 4], requests: 8x, warmup: 1 }
`

/** What is lost, and the moment when it is. */
interface Loss {
  readonly at: (progress: RunProgress) => boolean
  readonly lose: () => void | Promise<void>
}

const concurrencyOf = ({ load: { level } }: Point) => (level.kind === 'concurrency' ? level.concurrency : null)

const startOf = (name: string) => (progress: RunProgress) =>
  progress.step === 'deploying' && progress.event?.kind === 'start' && progress.event.what === name
const underLoad = (concurrency: number) => (progress: RunProgress) =>
  progress.step === 'measuring' &&
  concurrencyOf(progress.point) === concurrency &&
  progress.load?.phase === 'measuring' &&
  progress.load.done >= 2

interface Told {
  readonly outcome: ReportedOutcome
  readonly results: readonly PointResult[]
  readonly notes: readonly string[]
  /** What its Fulcrum recorded as started and not seen end. */
  readonly recorded: readonly unknown[]
  /** Names of the logs kept beside each point that broke. */
  readonly kept: readonly (readonly string[])[]
}

/** Runs a sweep that loses one thing after the other. */
async function runLosing(text: string, losses: readonly Loss[]): Promise<Told> {
  await using place = await workplace(text)
  process.env.FULCRUM_STATE_DIR = place.state
  const toCome = [...losses]
  const outcome = await runSweepFile({
    file: place.sweepFile,
    resultsRoot: join(place.folder, 'results'),
    startNew: true,
    signal: AbortSignal.timeout(500_000),
    onProgress: progress => {
      if (toCome[0]?.at(progress) === true) void toCome.shift()?.lose()
    },
  })
  const events = (await readRun(outcome.folder)).lines.map(({ event }) => event)
  const points = join(outcome.folder, 'points')
  const logs = (await readdir(points)).map(id => join(points, id, 'logs')).filter(folder => existsSync(folder))
  return {
    outcome,
    results: events.flatMap(event => (event.type === 'point' ? [event.result] : [])),
    notes: events.flatMap(event => (event.type === 'note' ? [event.message] : [])),
    recorded: await place.recorded(),
    kept: await Promise.all(logs.map(folder => readdir(folder))),
  }
}

/** Of those that stood, a busy machine may mark some for other reasons. */
const story = (results: readonly PointResult[]) =>
  results.map(({ point, findings, status }) => {
    const broke = findings.some(({ code }) => code === 'deployment-broke')
    return `${concurrencyOf(point)} ${broke ? `broke ${status}` : 'stood'}`
  })

const lossesInPoints = ['2 broke invalid', '2 stood', '3 broke invalid', '3 stood', '4 stood']

const assertNoted = ({ notes }: Told, pattern: RegExp) =>
  assert.ok(
    notes.some(note => pattern.test(note)),
    notes.join('\n'),
  )

function assertWhole({ outcome, recorded, kept }: Told): void {
  const { missing, failed } = outcome.points
  assert.deepEqual([outcome.outcome, missing, failed], ['complete', 0, 0])
  assert.equal(kept.length, 2)
  assert.deepEqual(recorded, [])
}

describe('a sweep whose worker on two hosts loses ranks', { skip: noHosts() }, () => {
  let hosts: Hosts
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0, west: 0 })
  })
  after(() => hosts?.[Symbol.asyncDispose]())
  const ranksOn = (host: string) => hosts.pids(host).filter(({ command }) => /^\S*python -m ranked/.test(command))
  const killOn = async (host: string) => {
    await until(() => ranksOn(host).length > 0)
    for (const { pid } of ranksOn(host)) process.kill(pid, 'SIGKILL')
  }

  it('names rank and host of each, replaces the worker whole, measures everything and leaves nothing', async () => {
    const told = await runLosing(
      sweep(`with: dynamo
  head: ${hosts.address}
  ssh: { config: ${hosts.sshConfig}, options: { ConnectTimeout: 3, ServerAliveInterval: 1 } }
  nodes: [{ name: north, gpus: 4 }, { name: south, gpus: 4 }, { name: west, gpus: 4 }]`),
      [
        { at: startOf('aggregated-0-rank1'), lose: () => killOn('south') },
        { at: underLoad(2), lose: () => killOn('south') },
        { at: underLoad(3), lose: () => hosts.cut('south') },
      ],
    )
    assert.deepEqual(story(told.results), lossesInPoints)
    const [rank, , host] = told.results.map(({ reason }) => reason)
    assert.match(
      rank ?? '',
      /aggregated-0-rank1 on south \(process \d+\) exited with code 137 .*aggregated-0-rank1\.log\)/,
    )
    assert.match(
      host ?? '',
      /broke during this point: node south \(198\.18\.\d+\.3\)[^;]*; it runs rank 1 of aggregated-0/,
    )
    assertNoted(told, /^Deployment agg x1 failed; retrying once: aggregated-0-rank1 on south .*code 137/s)
    assertNoted(told, /^Lost node south \(198\.18\.\d+\.3\): it.*Continuing without it\.$/s)
    for (const logs of told.kept) assert.ok(logs.includes('aggregated-0-rank1.log'), logs.join())
    assertWhole(told)
    // On the host that was cut off, ranks end once nobody has given a sign of life for a while.
    await until(() => ranksOn('south').length === 0, (silenceS + 60) * 1000)
    for (const host of ['north', 'south', 'west']) assert.deepEqual(ranksOn(host), [], host)
  })
})

describe('a sweep whose worker on two nodes of Slurm loses ranks', { skip: noSlurm() }, () => {
  const names = ['fulcrum-a', 'fulcrum-b', 'fulcrum-c']
  let cluster: Cluster
  const before_ = process.env.SLURM_CONF
  before(async () => {
    cluster = await startCluster(names)
    process.env.SLURM_CONF = cluster.configFile
  })
  after(async () => {
    await cluster?.[Symbol.asyncDispose]()
    if (before_ === undefined) delete process.env.SLURM_CONF
    else process.env.SLURM_CONF = before_
  })
  /** Processes of ranks on a node. */
  async function ranksOn(node: string): Promise<readonly number[]> {
    const all = await Promise.all(
      (await allProcesses()).map(async ({ pid }) => {
        const [, flag, name] = await argumentsOf(pid)
        const mine =
          flag === '-m' && name === 'ranked' && (await environmentValue(pid, 'SLURM_CONF')) === cluster.configFile
        return mine && (await environmentValue(pid, 'SLURMD_NODENAME')) === node ? [pid] : []
      }),
    )
    return all.flat()
  }
  const killOn = async (node: string) => {
    await until(async () => (await ranksOn(node)).length > 0)
    for (const pid of await ranksOn(node)) process.kill(pid, 'SIGKILL')
  }

  it('names task and node of each, replaces the step whole, measures everything and leaves nothing', async () => {
    const told = await runLosing(
      sweep(`with: slurm
  head: 127.0.0.1
  nodes: 3
  gpus_per_node: 4`),
      [
        { at: startOf('aggregated-0'), lose: () => killOn('fulcrum-b') },
        { at: underLoad(2), lose: () => killOn('fulcrum-b') },
        {
          at: underLoad(3),
          lose: () => void cluster.run('scontrol', 'update', 'NodeName=fulcrum-b', 'State=DOWN', 'Reason=unplugged'),
        },
      ],
    )
    assert.deepEqual(story(told.results), lossesInPoints)
    const [task, , node] = told.results.map(({ reason }) => reason)
    assert.match(
      task ?? '',
      /aggregated-0 \(process \d+\) lost rank 1 on fulcrum-b: Exited with exit code 137 .*aggregated-0\.log\)/,
    )
    assert.match(
      node ?? '',
      /broke during this point: node fulcrum-b is \S*DOWN\S*: unplugged [^;]*; it runs rank 1 of aggregated-0/,
    )
    assertNoted(told, /^Deployment agg x1 failed; retrying once: aggregated-0 .* lost rank 1 on fulcrum-b: /)
    assertNoted(told, /^Lost node fulcrum-b: it is .*DOWN.*Continuing without it\.$/s)
    assertWhole(told)
    assert.equal(cluster.run('squeue', '--noheader').trim(), '')
    for (const node of names) assert.deepEqual(await ranksOn(node), [], node)
  })
})
