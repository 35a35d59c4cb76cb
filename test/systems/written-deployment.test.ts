import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import type { ConfiguredDeployer, DeploymentFiles } from '../../src/deployers/define-deployer.ts'
import { dynamo } from '../../src/deployers/dynamo/index.ts'
import { dynamoServe as dynamoServeDeployer } from '../../src/deployers/dynamo-serve/index.ts'
import { freePort } from '../../src/deployers/ports.ts'
import { probe } from '../../src/generators/probe.ts'
import { makeFolder } from '../../src/journal/index.ts'
import { groupMembers } from '../../src/process/proc.ts'
import { deployment, disaggregated, mocker, model } from './dynamo-deployment.ts'
import { dynamoServe } from './dynamo-serve-deployment.ts'
import { infrastructure } from './infrastructure.ts'

describe('a written deployment, started by its own script', () => {
  let folder = ''
  let shared: Awaited<ReturnType<typeof infrastructure>>
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-written-'))
    shared = await infrastructure(folder)
  })
  after(async () => {
    await shared.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function written(
    deployer: ConfiguredDeployer,
    name: string,
  ): Promise<DeploymentFiles & { readonly at: string }> {
    const at = join(folder, name)
    const wanted = deployment(disaggregated(1, 1), name === 'dynamo' ? { decode: { max_num_seqs: 64 } } : {})
    const files = deployer.files({ deployment: wanted, model: model.name, folder: at })
    assert.ok(files !== null)
    for (const { path, content, isProgram } of files.files) {
      await makeFolder(dirname(join(at, path)))
      await writeFile(join(at, path), content, { mode: isProgram === true ? 0o755 : 0o644 })
    }
    return { ...files, at }
  }

  async function answersAndEnds(
    { at, url }: { readonly at: string; readonly url: string | null },
    dialect: 'dynamo-1' | 'dynamo-0.3',
  ) {
    const script = execa(join(at, 'start.sh'), { cwd: '/', reject: false, detached: true, forceKillAfterDelay: false })
    const [said] = await once(createInterface(script.stdout), 'line', { signal: AbortSignal.timeout(120_000) })
    const log = async (name: string) => readFile(join(at, 'logs', `${name}.log`), 'utf8').catch(() => '')
    assert.equal(said, `ready: ${url}`, `${await log('frontend')}${await log('decode-0')}`)
    const endpoint = { url: url ?? '', model: model.name, dialect, metricsUrls: {} }
    const answer = await probe(endpoint, { signal: AbortSignal.timeout(30_000), timeoutMs: 30_000, streaming: true })
    assert.ok((answer.outputTokens ?? 0) > 0)
    const pids = (await execa('ps', ['-eo', 'pid=,args='])).stdout
      .split('\n')
      .filter(line => line.includes(at))
      .map(line => Number(line.trim().split(' ')[0]))
    script.kill('SIGTERM')
    await script
    assert.deepEqual((await Promise.all(pids.map(groupMembers))).flat(), [])
    await assert.rejects(fetch(`${url}/v1/models`))
  }

  it('answers at its URL, with Dynamo 1.x and an engine setting, and ends whole', async () => {
    const config = { ...mocker, nats: shared.nats, etcd: shared.etcd, http_port: await freePort() }
    const files = await written(dynamo.of(config), 'dynamo')
    assert.match(files.files[0]?.content ?? '', /decode-0 .* --max-num-seqs 64 /)
    await answersAndEnds(files, 'dynamo-1')
  })

  it('answers at its URL, with dynamo serve, and ends whole', async () => {
    const config = { ...dynamoServe, nats: shared.nats, etcd: shared.etcd, http_port: await freePort() }
    await answersAndEnds(await written(dynamoServeDeployer.of(config), 'serve'), 'dynamo-0.3')
  })

  it('keeps secrets out of the script', () => {
    const secret = dynamo.of({ ...mocker, env: { ...mocker.env, HF_TOKEN: 'hf_verysecret' } })
    const files = secret.files({ deployment: deployment(disaggregated(1, 1)), model: model.name, folder })
    assert.ok(files?.files.every(({ content }) => !content.includes('hf_verysecret')))
  })
})
