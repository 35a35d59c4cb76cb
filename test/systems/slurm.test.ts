import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { DeployEvent, Deployer } from '../../src/deployers/deployer.ts'
import { endLeftovers, findLeftovers } from '../../src/deployers/leftovers.ts'
import type { SlurmConfig } from '../../src/deployers/slurm/config.ts'
import { slurmDeployer } from '../../src/deployers/slurm/slurm.ts'
import type { Deployment } from '../../src/model/index.ts'
import { openLedger, type ProcessLedger } from '../../src/process/ledger.ts'
import { allProcesses, argumentsOf, environmentValue, identityOf } from '../../src/process/proc.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { aggregated, changes, deployment, disaggregated, mocker, model, watch } from './dynamo-deployment.ts'
import { mockers } from './dynamo-sweep.ts'
import { deployAndKill, endWhatStayed } from './killed-fulcrum.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'
import { until } from './until.ts'

const config: SlurmConfig = {
  ...mocker,
  head: '127.0.0.1',
  nodes: 1,
  gpus_per_node: 8,
  queue_timeout: 60,
  salloc_args: [],
  srun_args: [],
  keep_slurm_variables: false,
}

/** What each variant changes, as `deploy` of a sweep file would. */
const variants: { readonly [name: string]: Partial<SlurmConfig> } = {
  kv: { frontend_args: { 'router-mode': 'kv' } },
  chunks: { frontend_args: { 'router-mode': 'kv' }, role_args: { prefill: { 'max-num-batched-tokens': 2048 } } },
}

const sweep = `
name: slurm
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: slurm
${mockers()}
  head: 127.0.0.1
  nodes: 1
  gpus_per_node: 8
  gpus_per_worker: 4
topologies: [1P1D]
workloads: [500/500]
load: { concurrency: [2], requests: 50x }
`

/** One allocation, changed from test to test in this order. */
describe('Dynamo workers as steps of a Slurm allocation', { skip: noSlurm() }, () => {
  let cluster: Cluster
  let folder: string
  let deployer: Deployer
  let ledger: ProcessLedger
  const before_ = process.env.SLURM_CONF

  async function deployerWith(change: Partial<SlurmConfig>, name: string) {
    const made = await openLedger({ runFolder: folder, folder: join(folder, name) })
    const full = { ...config, ...change }
    const configOf = ({ variant = '' }: Deployment): SlurmConfig => ({ ...full, ...variants[variant] })
    const place = { model: model.name, runFolder: join(folder, `run-${name}`), ledger: made, configOf }
    return { deployer: slurmDeployer(full, place), ledger: made }
  }
  const jobs = () =>
    cluster
      .run('squeue', '--noheader', '--format=%T')
      .split('\n')
      .map(line => line.trim())
      .filter(Boolean)
  /** Workers that run in steps of this cluster. */
  async function workers(): Promise<readonly number[]> {
    const all = await Promise.all(
      (await allProcesses()).map(async ({ pid }) => {
        const [, flag, name] = await argumentsOf(pid)
        const mine = flag === '-m' && name === 'dynamo.mocker'
        return mine && (await environmentValue(pid, 'SLURM_CONF')) === cluster.configFile ? [pid] : []
      }),
    )
    return all.flat()
  }
  const check = () => deployer.check(AbortSignal.timeout(20_000))

  before(async () => {
    cluster = await startCluster()
    process.env.SLURM_CONF = cluster.configFile
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-slurm-test-'))
    const made = await deployerWith({}, 'main')
    deployer = made.deployer
    ledger = made.ledger
  })
  after(async () => {
    await deployer?.close()
    await cluster?.[Symbol.asyncDispose]()
    if (before_ === undefined) delete process.env.SLURM_CONF
    else process.env.SLURM_CONF = before_
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('a first deployment asks for the allocation, starts its workers as steps, and answers', async () => {
    const context = watch(AbortSignal.timeout(120_000))
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    const { started } = changes(context.events)
    assert.deepEqual(started, [`Slurm job 1 on ${cluster.node}`, 'decode-0', 'frontend', 'prefill-0'])
    assert.deepEqual(await check(), [])
    assert.equal(cluster.run('squeue', '--noheader', '--steps', '--format=%j').match(/(prefill|decode)-0/g)?.length, 2)
  })

  it('workers see their own GPUs, and none of the variables that break MPI spawn', async () => {
    const pids = await workers()
    const seen = await Promise.all(pids.map(pid => environmentValue(pid, 'CUDA_VISIBLE_DEVICES')))
    assert.deepEqual(seen.toSorted(), ['0,1,2,3', '4,5,6,7'])
    for (const pid of pids) {
      assert.equal(await environmentValue(pid, 'SLURM_JOB_ID'), null)
      assert.equal(await environmentValue(pid, 'SLURM_STEP_NUM_TASKS'), '1')
    }
  })

  it('another variant restarts what differs, in the same allocation: the frontend alone, or one step', async () => {
    const steps = () =>
      cluster.run('squeue', '--noheader', '--steps', '--format=%i %j').split('\n').filter(Boolean).sort()
    const become = async (variant: string) => {
      const context = watch(AbortSignal.timeout(120_000))
      await deployer.reconcile({ ...deployment(disaggregated(1, 1)), variant }, context)
      return changes(context.events)
    }
    const [before, pids] = [steps(), await workers()]
    assert.deepEqual(await become('kv'), { stopped: ['frontend'], started: ['frontend'] })
    assert.deepEqual([steps(), await workers()], [before, pids])
    assert.deepEqual(await become('chunks'), { stopped: ['prefill-0'], started: ['prefill-0'] })
    const decode = (lines: readonly string[]) => lines.filter(line => line.includes('decode-0'))
    assert.deepEqual(decode(steps()), decode(before))
    assert.equal((await workers()).filter(pid => pids.includes(pid)).length, 1)
    assert.deepEqual([jobs(), await check()], [['RUNNING'], []])
  })

  it('an allocation that does not come is told about while it is waited for, then cancelled', async () => {
    const second = await deployerWith({ queue_timeout: 5 }, 'second')
    const context = watch(AbortSignal.timeout(60_000))
    await assert.rejects(second.deployer.reconcile(deployment(disaggregated(1, 1)), context), {
      kind: 'environment',
      code: 'slurm-queue-timeout',
      message: /PENDING \(Resources\)/,
    })
    const waiting = context.events.flatMap(event => (event.kind === 'waiting' ? [event.what] : []))
    assert.match(waiting.at(-1) ?? '', /^Slurm job \d+: PENDING \(Resources\)$/)
    await second.deployer.close()
    assert.deepEqual(jobs(), ['RUNNING'])
  })

  it('an allocation that Slurm refuses ends the wait at once, in Slurm’s words', async () => {
    const refused = await deployerWith({ partition: 'nonesuch' }, 'refused')
    const context = watch(AbortSignal.timeout(60_000))
    await assert.rejects(refused.deployer.reconcile(deployment(disaggregated(1, 1)), context), {
      code: 'slurm-refused',
      message: /invalid partition/i,
    })
    await refused.deployer.close()
  })

  it('a node that goes down is named', async () => {
    cluster.run('scontrol', 'update', `NodeName=${cluster.node}`, 'State=DOWN', 'Reason=unplugged')
    let problems: readonly string[] = []
    await until(async () => {
      problems = await check()
      return problems.some(problem => problem.startsWith('node '))
    })
    assert.ok(
      problems.some(problem => /^node \S+ is .*DOWN.*: unplugged/.test(problem)),
      problems.join('\n'),
    )
    assert.match(problems[0] ?? '', /^Slurm job 1 is (NODE_FAIL|COMPLETING|CANCELLED|FAILED)|^node /)
  })

  it('after that the next deployment asks for an allocation of its own', async () => {
    cluster.run('scontrol', 'update', `NodeName=${cluster.node}`, 'State=RESUME')
    const context = watch(AbortSignal.timeout(120_000))
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    const { started } = changes(context.events)
    assert.match(started[0] ?? '', /^Slurm job [2-9] on /)
    assert.deepEqual(await check(), [])
  })

  it('leaves no job, no worker and no process behind when closed', async () => {
    await deployer.close()
    await deployer.close()
    assert.deepEqual(await workers(), [])
    await until(() => jobs().length === 0)
    assert.deepEqual(jobs(), [])
    ledger.close()
    assert.deepEqual(await readdir(join(folder, 'main')), [])
  })

  it('gives the allocation back even when Fulcrum is killed', async () => {
    const killed = join(folder, 'killed')
    await deployAndKill(config, killed)
    await until(async () => jobs().length + (await workers()).length === 0)
    assert.deepEqual([jobs(), await workers()], [[], []])
    assert.deepEqual(await endWhatStayed(killed), ['etcd', 'frontend', 'nats'])
  })

  it('an interrupted wait in the queue leaves no job there', async () => {
    const holding = await deployerWith({}, 'holding')
    await holding.deployer.reconcile(deployment(aggregated(1)), watch(AbortSignal.timeout(120_000)))
    const queued = await deployerWith({}, 'queued')
    const interruption = new AbortController()
    const context = watch(interruption.signal)
    const onEvent = (event: DeployEvent) => {
      if (event.kind === 'waiting') interruption.abort(new Error('enough'))
    }
    await assert.rejects(queued.deployer.reconcile(deployment(aggregated(1)), { ...context, onEvent }), /enough/)
    await queued.deployer.close()
    assert.deepEqual(jobs(), ['RUNNING'])
    await holding.deployer.close()
  })

  it('a job whose holder was killed with its Fulcrum is named as left behind, and ended by that', async () => {
    const argv = ['salloc', '--job-name=fulcrum-0123abcd', 'cat']
    const holder = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'ignore', 'ignore'] })
    await until(() => jobs()[0] === 'RUNNING')
    const dead = spawnSync('true')
    const gone = { ...(await identityOf(holder.pid ?? 0)), pid: dead.pid, startTicks: 1 }
    const entry = { ...gone, name: 'salloc', argv, cwd: '/', runFolder: null, startedAt: new Date().toISOString() }
    const ledgers = await mkdtemp(join(folder, 'left-'))
    const content = { id: 'x', host: hostname(), owner: gone, processes: [entry] }
    await writeFile(join(ledgers, 'x.json'), JSON.stringify(content))
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const [leftover, ...others] = await findLeftovers(ledgers)
    assert.match(leftover?.slurmJob ?? '', /^\d+$/)
    assert.deepEqual([leftover?.pid, others], [null, []])
    await endLeftovers(leftover === undefined ? [] : [leftover])
    await until(() => jobs().length === 0)
    assert.deepEqual(jobs(), [])
    assert.deepEqual(await findLeftovers(ledgers), [])
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} to a sweep under way gives the allocation back`, async () => {
      await using place = await workplace(sweep)
      const fulcrum = place.start('run', place.sweepFile, '--json')
      await fulcrum.progress(progress => progress.step === 'measuring')
      assert.deepEqual(jobs(), ['RUNNING'])
      fulcrum.kill(signal)
      assert.equal((await fulcrum.ended()).exitCode, 130)
      await until(async () => jobs().length + (await workers()).length === 0)
      assert.deepEqual([jobs(), await workers()], [[], []])
      assert.deepEqual(await place.recorded(), [])
    })
  }
})
