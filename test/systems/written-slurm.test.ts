import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../../src/deployers/ports.ts'
import { slurm } from '../../src/deployers/slurm/index.ts'
import { probe } from '../../src/generators/probe.ts'
import { makeFolder } from '../../src/journal/index.ts'
import { deployment, disaggregated, mocker, model } from './dynamo-deployment.ts'
import { infrastructure } from './infrastructure.ts'
import { until } from './kubernetes/control-plane.ts'
import { type Cluster, noSlurm, startCluster } from './slurm/cluster.ts'

describe('a written deployment for Slurm', { timeout: 300_000, skip: noSlurm() }, () => {
  let folder = ''
  let cluster: Cluster
  let shared: Awaited<ReturnType<typeof infrastructure>>
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-sbatch-'))
    shared = await infrastructure(folder)
    cluster = await startCluster()
  })
  after(async () => {
    await cluster?.[Symbol.asyncDispose]()
    await shared?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const config = () => ({
    ...{ ...mocker, nats: shared.nats, etcd: shared.etcd, head: '127.0.0.1', nodes: 1, gpus_per_node: 8 },
    ...{ queue_timeout: 60, salloc_args: [], srun_args: [], keep_slurm_variables: false },
  })

  test('is submitted as it is, answers at the URL that it prints, and ends with its job', async () => {
    const port = await freePort()
    const files = slurm.of({ ...config(), http_port: port }).files({
      deployment: deployment(disaggregated(1, 1), { decode: { max_num_seqs: 64 } }),
      model: model.name,
      folder,
    })
    assert.ok(files !== null)
    assert.equal(files.url, null)
    for (const { path, content, isProgram } of files.files) {
      await makeFolder(dirname(join(folder, path)))
      await writeFile(join(folder, path), content, { mode: isProgram === true ? 0o755 : 0o644 })
    }
    assert.match(files.files[0]?.content ?? '', /^#!.*\n#SBATCH --job-name=fulcrum\n(#SBATCH .*\n)*#SBATCH --nodes=1\n/)
    assert.equal(files.steps[0]?.command, 'sbatch start.sbatch')
    const env = { ...process.env, SLURM_CONF: cluster.configFile, FULCRUM_HEAD: '127.0.0.1' }
    const { stdout } = await execa('sbatch', ['--parsable', 'start.sbatch'], { cwd: folder, env })
    const log = () => readFile(join(folder, `start-${stdout.trim()}.log`), 'utf8').catch(() => '')
    const url = `http://127.0.0.1:${port}`
    await until(async () => {
      const said = await log()
      const state = cluster.run('squeue', '--noheader', '--states=all', '--format=%T', `--jobs=${stdout.trim()}`).trim()
      assert.match(state, /^(PENDING|CONFIGURING|RUNNING)$/, said)
      return said.includes(`ready: ${url}`)
    })
    const endpoint = { url, model: model.name, dialect: 'dynamo-1', metricsUrls: {} } as const
    const answer = await probe(endpoint, { signal: AbortSignal.timeout(30_000), timeoutMs: 30_000, streaming: true })
    assert.ok((answer.outputTokens ?? 0) > 0)
    // Workers are steps of the job, by name.
    const steps = cluster.run('squeue', '--noheader', '--steps', '--format=%j')
    assert.match(steps, /prefill-0/)
    assert.match(steps, /decode-0/)
    cluster.run('scancel', '--name=fulcrum')
    await until(async () => cluster.run('squeue', '--noheader', '--format=%T').trim() === '')
    await until(async () => (await fetch(`${url}/v1/models`).catch(() => null)) === null)
  })

  test('keeps secrets out of the script, and is not written for containers', () => {
    const wanted = { deployment: deployment(disaggregated(1, 1)), model: model.name, folder }
    const secret = slurm.of({ ...config(), env: { ...mocker.env, HF_TOKEN: 'hf_verysecret' } }).files(wanted)
    assert.ok(secret?.files.every(({ content }) => !content.includes('hf_verysecret')))
  })

  test('places workers on the nodes of the job, whichever they are', () => {
    const files = slurm
      .of({ ...config(), nats: undefined, etcd: undefined, nodes: 2, gpus_per_node: 4 })
      .files({ deployment: deployment(disaggregated(1, 1)), model: model.name, folder })
    const script = files?.files[0]?.content ?? ''
    assert.match(script, /start decode-0 srun .*--nodelist='?"\$\{nodes\[[01]\]\}"/)
    const used = [...script.matchAll(/^start (?:prefill|decode)-0 srun .*?nodes\[(\d)\]/gm)].map(([, node]) => node)
    assert.deepEqual(used.sort(), ['0', '1'])
    assert.match(script, /NATS_SERVER=nats:\/\/'?"\$\{addresses\[0\]\}"/)
  })
})
