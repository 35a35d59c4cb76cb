import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { attach } from '../../src/deployers/attach/index.ts'
import type { Deployer } from '../../src/deployers/deployer.ts'
import type { Check, SweepNeeds } from '../../src/deployers/doctor/check.ts'
import { examineMachine } from '../../src/deployers/doctor/doctor.ts'
import { hereMachine } from '../../src/deployers/doctor/machine.ts'
import { checkRdma } from '../../src/deployers/doctor/rdma.ts'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { dynamo } from '../../src/deployers/dynamo/index.ts'
import { type Infrastructure, openInfrastructure } from '../../src/deployers/infrastructure.ts'
import { simulated } from '../../src/deployers/simulated/index.ts'
import type { SlurmConfig } from '../../src/deployers/slurm/config.ts'
import { slurm } from '../../src/deployers/slurm/index.ts'
import { aiperfGenerator } from '../../src/generators/aiperf/index.ts'
import { builtInGenerator } from '../../src/generators/built-in/index.ts'
import { genaiPerfGenerator } from '../../src/generators/genai-perf/index.ts'
import type { Endpoint, Topology } from '../../src/model/index.ts'
import { openLedger, type ProcessLedger } from '../../src/process/ledger.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { aggregated, deployment, disaggregated, mocker, model, watch } from './dynamo-deployment.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'

const root = join(import.meta.dirname, '../..')
const needs: SweepNeeds = { model: model.name, generator: builtInGenerator.of({}), concurrency: 4 }

const line = ({ ok, remedy, where, name, detail }: Check) =>
  `${ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'} ${where}, ${name}: ${detail}`
const failures = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok).map(line)
const of = (checks: readonly Check[], name: string) => checks.filter(check => check.name === name).map(line)

describe('doctor on nodes over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0 })
  })
  after(async () => await hosts?.[Symbol.asyncDispose]())

  const config = (names: readonly string[], change: Partial<DynamoConfig> = {}, options = {}): DynamoConfig => ({
    ...mocker,
    head: hosts.address,
    nodes: names.map(name => ({ name })),
    ssh: { config: hosts.sshConfig, options: { ConnectTimeout: '3', ...options } },
    ...change,
  })
  const examine = (deploy: DynamoConfig, more: Partial<SweepNeeds> = {}) =>
    examineMachine({ ...needs, ...more, deploy: dynamo.of(deploy) })

  it('finds everything there: a way in, programs, one Dynamo, the model, ways to and fro, a clock', async () => {
    const checks = await examine(config(['north', 'south']))
    assert.deepEqual(failures(checks), [])
    for (const node of ['north', 'south']) {
      const seen = checks.filter(({ where }) => where === `node ${node}`)
      const names = [
        'ssh',
        'dynamo',
        'backend',
        'programs',
        'open files',
        'model',
        'gpus',
        'clock',
        'way to the head',
        'way to the node',
      ]
      assert.deepEqual(
        seen.map(({ name }) => name),
        names,
      )
      assert.match(of(seen, 'dynamo')[0] ?? '', /ai-dynamo 1\.4\.2/)
      assert.match(of(seen, 'clock')[0] ?? '', /ms (ahead of|behind) this machine/)
    }
  })

  it('looks at what the ranks of a worker on several nodes meet on, and the ways between them', async () => {
    const spread = { nodesPerWorker: 2 }
    const checks = await examine(config(['north', 'south']), spread)
    assert.deepEqual(failures(checks), [])
    assert.match(
      of(checks, 'ranks').join('\n'),
      /^ok node north, ranks: they meet on eth0 \(198\.18\.\d+\.2\)\nok node south/,
    )
    assert.match(
      of(checks, 'way between nodes').join('\n'),
      /^ok node north, .* is reached from node south\nok node south, .* is reached from node north$/,
    )
    const overRay = [{ role: 'decode' as const, settings: { distributed_executor_backend: 'ray' } }]
    const lacking = await examine(config(['north'], { backend: 'dynamo.vllm' }), { ...spread, spread: overRay })
    assert.match(of(lacking, 'ranks').join('\n'), /\nFAIL node north, ranks: \S+python has no ray, which/)
    const env = { ...mocker.env, NCCL_SOCKET_IFNAME: 'ib', UCX_NET_DEVICES: 'mlx5_0:1' }
    const wrong = failures(await examine(config(['north'], { env }), spread))
    assert.match(wrong[0] ?? '', /^FAIL node north, ranks: NCCL_SOCKET_IFNAME names ib, and there is eth0, lo$/)
    assert.match(wrong[1] ?? '', /^FAIL node north, ranks: UCX_NET_DEVICES names mlx5_0:1, and there is eth0, lo/)
  })

  it('names what a node lacks, and how to get it there', async () => {
    const lacking = config(['north'], {
      python: '/no/such/python',
      env: { HF_HOME: '/no/such/folder', HF_HUB_OFFLINE: '1' },
    })
    const checks = (await examine(lacking)).filter(({ where }) => where === 'node north')
    const failed = failures(checks)
    assert.match(failed[0] ?? '', /^FAIL node north, dynamo: \/no\/such\/python: .*No such file/)
    assert.match(
      failed[2] ?? '',
      /^FAIL node north, model: \/no\/such\/folder\/hub\/models--nvidia--DeepSeek-R1-FP4 is not there, and HF_HUB_OFFLINE is set/,
    )
    assert.ok(checks.every(({ ok, remedy }) => ok || remedy !== undefined))
  })

  it('fails a node for GPUs, a container runtime and mounts that are not there', async () => {
    const container = {
      runtime: 'podman' as const,
      image: 'dynamo:none',
      python: 'python3',
      args: ['-v', '/no/such/cache:/root/.cache'],
    }
    const deploy = { ...config(['north'], { container, backend: 'dynamo.trtllm' }) }
    const checks = await examine({ ...deploy, nodes: [{ name: 'north', gpus: [0, 1] }] })
    const failed = failures(checks.filter(({ where }) => where === 'node north'))
    assert.deepEqual(failed, [
      'FAIL node north, image: podman is not installed',
      'FAIL node north, programs: not installed: podman',
      'FAIL node north, mounts: /no/such/cache does not exist',
      'FAIL node north, gpus: nvidia-smi is not installed',
    ])
  })

  it('tells a name that is none, a key that is refused, and a node that is cut off apart', async () => {
    const unknown = failures(await examine(config(['no-such-host.invalid'])))
    assert.match(unknown[0] ?? '', /^FAIL node no-such-host\.invalid, ssh: .*Could not resolve/)
    const refused = await examine(config(['north'], {}, { PubkeyAuthentication: 'no' }))
    assert.match(failures(refused)[0] ?? '', /^FAIL node north, ssh: .*Permission denied/)
    assert.match(refused.find(({ ok }) => !ok)?.remedy ?? '', /ssh-copy-id north/)
    const stranger = await examine(
      config(['north'], {}, { UserKnownHostsFile: '/dev/null', StrictHostKeyChecking: 'yes' }),
    )
    assert.match(failures(stranger)[0] ?? '', /^FAIL node north, ssh: .*Host key verification failed/)
    hosts.cut('south')
    assert.match(failures(await examine(config(['south'])))[0] ?? '', /^FAIL node south, ssh: .*(timed out|No route)/)
  })

  it('says when a node does not reach the head', async () => {
    const checks = await examine(config(['north'], { head: '127.0.0.1' }))
    assert.match(
      of(checks, 'way to the head').join(),
      /^FAIL node north, way to the head: it cannot reach 127\.0\.0\.1: .*refused/,
    )
  })

  it('starts a load’s shard on its host, and compares the two', async () => {
    const shards = { count: 1, hosts: ['north'], launcher: 'ssh' as const, launcherArgs: ['-F', hosts.sshConfig] }
    const deploy = simulated.of({ profile: 'deepseek-r1-fp4-gb200' })
    const found = await examineMachine({ ...needs, deploy, generator: builtInGenerator.of({ shards }) })
    assert.match(of(found, 'load shard')[0] ?? '', /^ok load host north, load shard: .*, \d+ cores, the same generator/)
    const wrong = await examineMachine({
      ...needs,
      deploy,
      generator: builtInGenerator.of({ shards: { ...shards, command: ['/no/such/fulcrum'] } }),
    })
    assert.match(failures(wrong)[0] ?? '', /^FAIL load host north, load shard: .*no\/such\/fulcrum/)
  })
})

describe('doctor on a node whose sshd takes few', { skip: noHosts() }, () => {
  const examine = (hosts: Hosts, options = {}) =>
    examineMachine({
      ...needs,
      deploy: dynamo.of({
        ...mocker,
        head: hosts.address,
        nodes: [{ name: 'north' }],
        ssh: { config: hosts.sshConfig, options },
      }),
    })

  it('makes one connection for all that it looks at', async () => {
    // Of two at once that have not authenticated, one is dropped.
    await using hosts = await createHosts({ north: 0 }, 'MaxStartups 1:100:1')
    const checks = await examine(hosts)
    assert.deepEqual(failures(checks), [])
    assert.match(of(checks, 'way to the head').join(), /^ok node north, way to the head: it reaches/)
  })

  it('does without sharing a connection where the sshd allows one session each', async () => {
    await using hosts = await createHosts({ north: 0 }, 'MaxSessions 1')
    assert.deepEqual(failures(await examine(hosts)), [])
  })
})

describe('doctor before a real Slurm', { skip: noSlurm() }, () => {
  let cluster: Cluster
  const before_ = process.env.SLURM_CONF
  before(async () => {
    cluster = await startCluster()
    process.env.SLURM_CONF = cluster.configFile
  })
  after(async () => {
    await cluster?.[Symbol.asyncDispose]()
    if (before_ === undefined) delete process.env.SLURM_CONF
    else process.env.SLURM_CONF = before_
  })

  const config = (change: Partial<SlurmConfig> = {}): SlurmConfig => ({
    ...{ ...mocker, head: '127.0.0.1', nodes: 1, gpus_per_node: 8, queue_timeout: 60 },
    ...{ salloc_args: [], srun_args: [], keep_slurm_variables: false },
    ...change,
  })
  const examine = (change?: Partial<SlurmConfig>) => examineMachine({ ...needs, deploy: slurm.of(config(change)) })

  it('passes what Slurm would give, and reads the nodes’ clocks', async () => {
    const checks = await examine()
    assert.deepEqual(failures(checks), [])
    assert.deepEqual(of(checks, 'nodes'), ['ok partition batch, nodes: 1 usable, 1 idle, 1 with 8 GPUs requested'])
    assert.match(of(checks, 'allocation')[0] ?? '', /^ok this machine, allocation: Job \d+ to start at .* on nodes/)
    assert.match(of(checks, 'clock')[0] ?? '', /^ok node .*, clock: .* this machine/)
  })

  it('looks at what the ranks of a worker on several nodes meet on', async () => {
    const ofRanks = async (env: Record<string, string>) => {
      const deploy = slurm.of(config({ backend: 'dynamo.vllm', env: { ...mocker.env, ...env } }))
      return of(await examineMachine({ ...needs, nodesPerWorker: 2, deploy }), 'ranks').join()
    }
    assert.match(await ofRanks({}), /^ok node \S+, ranks: they meet on lo \(127\.0\.0\.1\)$/)
    const overRay = [{ role: 'decode' as const, settings: { distributed_executor_backend: 'ray' } }]
    const deploy = slurm.of(config({ backend: 'dynamo.vllm' }))
    const lacking = await examineMachine({ ...needs, nodesPerWorker: 2, spread: overRay, deploy })
    assert.match(of(lacking, 'ranks').join('\n'), /\nFAIL node \S+, ranks: \S+python has no ray, which/)
    assert.match(
      await ofRanks({ GLOO_SOCKET_IFNAME: 'ib0' }),
      /^FAIL node \S+, ranks: GLOO_SOCKET_IFNAME names ib0, and/,
    )
  })

  it('fails what Slurm would refuse, in its own words', async () => {
    const many = failures(await examine({ nodes: 2 }))
    assert.match(many[0] ?? '', /nodes: 1 usable, 2 with 8 GPUs requested/)
    assert.match(many[1] ?? '', /allocation: Slurm would refuse it: .*node configuration is not available/)
    assert.match(
      failures(await examine({ gpus_per_node: 32 }))[0] ?? '',
      /nodes: 0 usable, 1 with 32 GPUs requested; they have up to 16/,
    )
    const nowhere = failures(await examine({ partition: 'nope' }))
    assert.match(nowhere[0] ?? '', /there is no partition nope/)
    assert.match(nowhere[1] ?? '', /Invalid partition name/)
  })

  it('names a node that is down, and why', async () => {
    cluster.run('scontrol', 'update', `nodename=${cluster.node}`, 'state=down', 'reason=fan is loud')
    try {
      const checks = await examine()
      assert.match(of(checks, 'nodes')[1] ?? '', /^note partition batch, nodes: .* is down: fan is loud/)
      assert.match(failures(checks)[0] ?? '', /nodes: 0 usable/)
    } finally {
      cluster.run('scontrol', 'update', `nodename=${cluster.node}`, 'state=resume')
    }
  })

  it('says so when no slurmctld answers', async () => {
    process.env.SLURM_CONF = '/no/such/slurm.conf'
    try {
      assert.match(failures(await examine())[0] ?? '', /^FAIL this machine, slurm: /)
    } finally {
      process.env.SLURM_CONF = cluster.configFile
    }
  })
})

describe('doctor before a Dynamo that runs', () => {
  let folder = ''
  let ledger: ProcessLedger
  let services: Infrastructure
  let deployer: Deployer
  let endpoint: Endpoint
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-doctor-'))
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    services = await openInfrastructure(mocker, { logFolder: folder, ledger }, AbortSignal.timeout(30_000))
    const config = { ...mocker, nats: services.natsUrl, etcd: services.etcdUrl }
    deployer = dynamoDeployer(config, { model: model.name, runFolder: folder, ledger })
    await become(disaggregated(1, 1))
  })
  after(async () => {
    await deployer?.close()
    await services?.close()
    ledger?.close()
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  })

  async function become(topology: Topology): Promise<void> {
    const done = await deployer.reconcile(deployment(topology), watch(AbortSignal.timeout(120_000)))
    endpoint = done.endpoint
  }
  const examine = (topology: Topology, more: Partial<SweepNeeds> = {}) =>
    examineMachine(
      {
        ...{ ...needs, topologies: [topology], longestTokens: 1000 },
        deploy: attach.of({ url: endpoint.url, gpus: 8, dialect: 'dynamo-1' }),
        ...more,
      },
      { etcd: services.etcdUrl },
    )

  it('finds every worker in its role, by the frontend and by etcd', async () => {
    const checks = await examine(disaggregated(1, 1))
    assert.deepEqual(failures(checks), [])
    assert.match(of(checks, 'workers')[0] ?? '', /^ok http.*, workers: 1P1D registered in fulcrum-/)
    assert.match(
      of(checks, 'registered workers')[0] ?? '',
      /1 prefill \(127\.0\.0\.1:\d+\), 1 decode \(127\.0\.0\.1:\d+\)$/,
    )
  })

  it('misses a worker that is not there', async () => {
    const failed = failures(await examine(disaggregated(2, 1)))
    assert.match(failed[0] ?? '', /workers: .*: 1 prefill, 1 other; 2P1D wants 2 prefill and 1 decode/)
    assert.match(failed[1] ?? '', /registered workers: .*; 2P1D is wanted/)
  })

  it('tells of more requests at once than the workers take', async () => {
    const checks = await examine(disaggregated(1, 1), { concurrency: 1000 })
    assert.match(
      of(checks, 'worker configuration')[0] ?? '',
      /^note .*they decode 256 sequences at once, but the sweep has a concurrency of 1000/,
    )
  })

  it('misses workers that run with another batch than the sweep says', async () => {
    const engines = { decode: { batch: 128, tokens: 8192 } }
    const failed = failures(await examine(disaggregated(1, 1), { engines }))
    // The frontend says it, and etcd says it.
    assert.equal(failed.length, 2, failed.join('\n'))
    for (const one of failed) assert.match(one, /decode workers process 256 sequences at once, but the sweep says 128/)
  })

  it('reads the frontend’s and the workers’ metrics as Python’s own reader of the format does', async () => {
    const code = `import json, sys
from prometheus_client.parser import text_string_to_metric_families as read
print(json.dumps([[s.name, dict(s.labels), repr(float(s.value))] for f in read(sys.stdin.read()) for s in f.samples]))`
    for (const url of Object.values(endpoint.metricsUrls)) {
      const page = await (await fetch(url)).text()
      const python = await execa(mocker.python, ['-c', code], { input: page })
      const theirs = (JSON.parse(python.stdout) as [string, Record<string, string>, string][]).map(
        ([name, labels, value]) => [name, labels, Number(value.replace('inf', 'Infinity'))] as const,
      )
      const mine = parseExposition(page).samples.map(({ name, labels, value }) => [name, { ...labels }, value] as const)
      assert.ok(mine.length > 20)
      // Theirs calls every counter `…_total`, whatever the page does.
      const sorted = (all: readonly (readonly [string, unknown, number])[]) =>
        all.map(([name, ...rest]) => JSON.stringify([name.replace(/_total$/, ''), ...rest])).sort()
      assert.deepEqual(sorted(mine), sorted(theirs))
    }
  })

  it('tells an aggregated worker from a decode worker, which the frontend can’t', async () => {
    await become(aggregated(1))
    const failed = failures(await examine(disaggregated(1, 1)))
    assert.match(failed.find(one => one.includes('registered workers')) ?? '', /1 aggregated \(.*\); 1P1D is wanted/)
    assert.deepEqual(failures(await examine(aggregated(1))), [])
  })

  it('misses NATS and etcd that are down', async () => {
    const down = { nats: 'nats://127.0.0.1:1', etcd: 'http://127.0.0.1:1' }
    const failed = failures(await examineMachine({ ...needs, deploy: dynamo.of({ ...mocker, ...down }) }))
    assert.deepEqual(failed.map(one => one.replace(/^FAIL this machine, (\w+): .*/, '$1')).sort(), ['etcd', 'nats'])
    const others = await examineMachine({
      ...needs,
      deploy: dynamo.of({ ...mocker, nats: services.natsUrl, etcd: services.etcdUrl }),
    })
    assert.deepEqual(failures(others), [])
    assert.match(of(others, 'registered workers')[0] ?? '', /^note .*1 aggregated/)
  })
})

describe('doctor on load generators', () => {
  it('starts the real genai-perf with its perf_analyzer, and the real AIPerf', async () => {
    for (const [generator, programs] of [
      [genaiPerfGenerator, ['genai-perf', 'perf_analyzer']],
      [aiperfGenerator, ['aiperf']],
    ] as const) {
      const { name } = generator
      const checks = await generator.of({ command: join(root, '.systems', name, 'bin', name), args: [] }).doctor()
      assert.deepEqual(failures(checks), [])
      assert.deepEqual(
        checks.map(({ name }) => name),
        programs,
      )
    }
  })

  it('says how to install what is not there, or is half there', async () => {
    const [missing] = await genaiPerfGenerator.of({ command: '/no/such/genai-perf', args: [] }).doctor()
    assert.match(missing?.remedy ?? '', /pip install genai-perf==.*tritonclient==.*npm run systems/)
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-doctor-'))
    try {
      // The real program, alone in a folder: nothing beside it.
      await symlink(join(root, '.systems/genai-perf/bin/genai-perf'), join(folder, 'genai-perf'))
      const found = await genaiPerfGenerator.of({ command: join(folder, 'genai-perf'), args: [] }).doctor()
      assert.match(failures(found).join(), /^FAIL this machine, perf_analyzer: there is none beside genai-perf/)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('doctor from the command line', () => {
  it('fails a shell with too few open files, in 80 columns, with exit code 3', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-doctor-'))
    try {
      const sweep = join(folder, 'sweep.yaml')
      await writeFile(
        sweep,
        'name: wide\nmodel: nvidia/DeepSeek-R1-FP4\ndeploy: { with: simulated }\ntopologies: [agg x1]\nworkloads: [10/10]\nload: { concurrency: [500] }\n',
      )
      const command = ['--nofile=400:600', process.execPath, join(root, 'bin/fulcrum.js'), 'doctor', sweep]
      const { stdout, exitCode } = await execa('prlimit', command, { reject: false })
      assert.equal(exitCode, 3)
      assert.match(stdout, /^FAIL {2}open files: \d+ allowed, concurrency 500 needs 756$/m)
      assert.match(stdout, /^ {6}to do: Raise the hard limit, which is 600:/m)
      assert.deepEqual(
        stdout.split('\n').filter(text => text.length > 80),
        [],
      )
      const json = await execa('prlimit', [...command, '--json'], { reject: false })
      const found = JSON.parse(json.stdout) as readonly Check[]
      assert.deepEqual(found.find(({ ok }) => !ok)?.name, 'open files')
      assert.ok(found.every(({ where }) => where !== ''))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('says nothing of RDMA links on a machine that has none and needs none', async () => {
    const found = await checkRdma(false)
    const devices = await hereMachine.run('ibv_devinfo', [])
    if (devices.ok) assert.notDeepEqual(found, [])
    else assert.deepEqual(found, [])
    const [between] = await checkRdma(true)
    assert.ok(devices.ok || between?.remedy !== undefined, JSON.stringify(between))
  })
})
