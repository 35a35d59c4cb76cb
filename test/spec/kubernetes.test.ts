import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { besideDeployment } from '../../src/deployers/kubernetes/load-job/defaults.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { sweepText } from './sweep-text.ts'

const shipped = readFileSync(join(import.meta.dirname, '../../sweeps/kubernetes/deepseek-r1.yaml'), 'utf8')

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-kubernetes-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Loads a sweep over a manifest from disk; resolves with its problems, the folder left out. */
async function problems(
  manifest: string,
  sections: { readonly [section: string]: string } = {},
  more = '',
): Promise<readonly string[]> {
  await writeFile(join(folder, 'm.yaml'), manifest)
  const deploy = `{ with: kubernetes, manifest: m.yaml${more} }`
  const file = join(folder, 's.yaml')
  await writeFile(file, sweepText({ deploy, topologies: '[1P1D, 2P1D]', ...sections }))
  try {
    await loadSweep(file)
    return []
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    assert.equal(error.kind, 'bad-input')
    return error.message.replaceAll(`${folder}/`, '').split('\n')
  }
}

describe('a sweep over a manifest', () => {
  test('is right when the manifest has every role', async () => {
    assert.deepEqual(await problems(shipped), [])
  })

  test('takes the GPUs of a worker from the manifest, all pods of it together', async () => {
    assert.deepEqual(await problems(shipped), [])
    const { deployments } = await loadSweep(join(folder, 's.yaml'))
    assert.deepEqual(deployments[0]?.gpusPerWorker, { prefill: 4, decode: 4, aggregated: 1 })
  })

  test('with a manifest that lacks a role is refused by the manifest’s line', async () => {
    assert.deepEqual(
      await problems(
        shipped.replace('subComponentType: prefill', '# none').replace('- --disaggregation-mode', '- --none'),
      ),
      [
        'm.yaml:48:3: the DynamoGraphDeployment deepseek-r1 has no prefill worker; add one (replicas: 0 is enough), name it with services: { prefill: NAME }, or remove such topologies',
      ],
    )
  })

  test('that maps an unknown component is refused by the sweep file’s line', async () => {
    assert.match(
      (await problems(shipped, {}, ', services: { decode: decod }')).join(),
      /^s\.yaml:3:\d+: the manifest has no component named "decod"; the manifest has Frontend, prefill, decode$/,
    )
  })

  test('with a manifest that is no YAML is refused by the manifest’s line', async () => {
    assert.match((await problems('a: [', {})).join(), /^m\.yaml:1:\d+: invalid YAML/)
  })

  test('with an engine setting that the manifest’s backend does not know is refused', async () => {
    const engine = '{ decode: { max_batch_sice: 4 } }'
    assert.match(
      (await problems(shipped, { engine })).join(),
      /^s\.yaml:\d+:\d+: unknown setting 'max_batch_sice' for decode workers of dynamo\.trtllm; did you mean 'max_batch_size'/,
    )
  })

  test('whose ConfigMap contradicts itself is refused by the manifest’s line', async () => {
    const manifest = shipped.replace('tensor_parallel_size: 4', 'tensor_parallel_size: 0')
    assert.match(
      (await problems(manifest)).join(),
      /^m\.yaml:9:27: invalid parallel size 0; write a whole number from 1/,
    )
  })

  test('takes the parallel sizes of a ConfigMap for its GPUs', async () => {
    const manifest = shipped.replaceAll('parallel_size: 4', 'parallel_size: 8')
    assert.deepEqual(await problems(manifest), [])
    const { deployments } = await loadSweep(join(folder, 's.yaml'))
    assert.equal(deployments[0]?.gpusPerWorker.decode, 8)
  })

  test('may load from a Job, in the deployment’s cluster and namespace unless it names its own', async () => {
    const shards = '{ count: 2, job: { image: fulcrum:1, resources: { requests: { cpu: 4 } }, deadline: 2h } }'
    const generator = `{ name: built-in, shards: ${shards} }`
    assert.deepEqual(await problems(shipped, { generator }, ', namespace: llm'), [])
    const { generator: configured, deploy } = await loadSweep(join(folder, 's.yaml'))
    const { shards: read } = configured
    assert.ok(read?.job !== undefined)
    const { job } = besideDeployment({ ...read, job: read.job }, deploy.cluster())
    assert.deepEqual([job.namespace, job.deadlineS, job.resources], ['llm', 7200, { requests: { cpu: '4' } }])
    const own = besideDeployment({ ...read, job: { ...read.job, namespace: 'load' } }, deploy.cluster())
    assert.equal(own.job.namespace, 'load')
  })

  test('with a Job on hosts is refused: Kubernetes starts its pods', async () => {
    const generator = '{ name: built-in, shards: { count: 2, hosts: [a], job: { image: fulcrum:1 } } }'
    assert.match(
      (await problems(shipped, { generator })).join(),
      /^s\.yaml:\d+:\d+: shards of a Job are started by Kubernetes, not on hosts of yours; remove hosts/,
    )
  })

  test('whose manifest is not there is refused', async () => {
    const file = join(folder, 'lost.yaml')
    await writeFile(file, sweepText({ deploy: '{ with: kubernetes, manifest: none.yaml }' }))
    await assert.rejects(loadSweep(file), {
      message: /lost\.yaml:3:\d+: deploy\.manifest is "none\.yaml", but .* does not exist/,
    })
  })
})
