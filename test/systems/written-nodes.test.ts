import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../../src/deployers/ports.ts'
import { fulcrum } from '../cli/fulcrum.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { mockers } from './dynamo-sweep.ts'
import { infrastructure } from './infrastructure.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { until } from './until.ts'

describe('a written deployment with workers on nodes over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  let folder: string
  let shared: Awaited<ReturnType<typeof infrastructure>>
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0 })
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-written-nodes-'))
    shared = await infrastructure(folder, hosts.address)
  })
  after(async () => {
    await shared?.close()
    await hosts?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const workersOn = (host: string) =>
    hosts.processes(host).flatMap(line => {
      if (!/^\S*python -m dynamo\.mocker/.test(line)) return []
      return [/--disaggregation-mode (\w+)/.exec(line)?.[1] ?? 'aggregated']
    })

  async function noWorkersLeft() {
    await until(() => [...workersOn('north'), ...workersOn('south')].length === 0)
    assert.deepEqual([workersOn('north'), workersOn('south')], [[], []])
  }

  it('starts its workers on the nodes, is measured again, and ends whole', async () => {
    const port = await freePort()
    await using place = await workplace(
      `
name: nodes
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
${mockers({ env: 'ETCD_LEASE_TTL: 5' })}
  nats: ${shared.nats}
  etcd: ${shared.etcd}
  http_port: ${port}
  head: ${hosts.address}
  ssh: { config: ${hosts.sshConfig} }
  nodes: [{ name: north, gpus: 4 }, { name: south, gpus: 4 }]
  gpus_per_worker: 4
topologies: 1P1D
engine: { decode: { max_num_seqs: 64 } }
workloads: [200/20]
load: { concurrency: [2], requests: 8x, warmup: 2x }
# The machine of the tests may be busy.
validity: { send_lateness_p99_ms: 10000, event_loop_delay_p99_ms: 10000, cpu_share: 1, run_queue_share: 1, in_flight_share: 0 }
`,
    )
    const env = { FULCRUM_STATE_DIR: place.state }
    const results = join(place.folder, 'results')
    await fulcrum(['run', place.sweepFile, '--out', results], { env, cwd: place.folder })
    const written = join(folder, 'deploy')
    const [run = ''] = (await readdir(join(results, 'nodes'))).filter(name => name.includes('Z-'))
    const tuned = await fulcrum(['tune', run, '--out', results, '--write', written])
    assert.match(tuned.stdout, /wrote .*\/200-20/, tuned.stderr)
    const at = join(written, '200-20')
    assert.match(await readFile(join(at, 'README.md'), 'utf8'), new RegExp(`On ${hosts.address}: starts everything`))

    const script = execa(join(at, 'start.sh'), { cwd: '/', reject: false, detached: true, forceKillAfterDelay: false })
    const lines = createInterface(script.stdout)
    const [said] = await once(lines, 'line', { signal: AbortSignal.timeout(120_000) })
    const log = async (name: string) => readFile(join(at, 'logs', `${name}.log`), 'utf8').catch(() => '')
    assert.equal(said, `ready: http://127.0.0.1:${port}`, `${await log('frontend')}${await log('decode-0')}`)
    assert.deepEqual([...workersOn('north'), ...workersOn('south')].sort(), ['decode', 'prefill'])
    assert.equal(workersOn('north').length, 1)

    const verified = await fulcrum(
      ['verify', at, `http://127.0.0.1:${port}`, '--out', results, '--repeats', '1', '--tolerance', '500%', '--json'],
      { env },
    )
    const { stdout, stderr } = verified
    // Whether it holds, a busy machine decides; that it can be measured at its URL, it does not.
    const [{ points }] = JSON.parse(stdout)
    const figures: readonly { readonly measured: number | null }[] = points[0].promises
    assert.ok(figures.filter(({ measured }) => measured !== null).length >= 5, `${stdout}${stderr}`)

    script.kill('SIGTERM')
    await script
    await noWorkersLeft()
    await assert.rejects(fetch(`http://127.0.0.1:${port}/v1/models`))

    // Killed without a chance to say so, the nodes notice it by themselves.
    const again = execa(join(at, 'start.sh'), { cwd: '/', reject: false, detached: true, forceKillAfterDelay: false })
    await until(() => workersOn('south').length > 0)
    const inGroup = again.pid
    assert.ok(inGroup !== undefined)
    again.kill('SIGKILL')
    await again
    await noWorkersLeft()
    const frontend = (await execa('pgrep', ['-f', `http-port ${port}`], { reject: false })).stdout.split('\n')
    for (const pid of frontend) if (pid !== '') process.kill(Number(pid), 'SIGKILL')
  })
})
