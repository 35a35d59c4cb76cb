import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { designOf } from '../../../src/deployers/kubernetes/design.ts'
import { kubernetes } from '../../../src/deployers/kubernetes/index.ts'
import { castOf } from '../../../src/deployers/kubernetes/roles.ts'
import { deployment, disaggregated, manifestOf, v1alpha1, v1beta1 } from './manifests.ts'

describe('the written manifest', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-manifest-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function written(text: string, wanted: ReturnType<typeof deployment>) {
    const manifest = join(folder, 'manifest.yaml')
    await writeFile(manifest, text)
    const configured = kubernetes.of({ manifest, services: {}, namespace: 'llm', on_exit: 'keep', ready_timeout: 900 })
    const files = configured.files({ deployment: wanted, model: 'm', folder })
    const content = files?.files.find(({ path }) => path === 'deployment.yaml')?.content
    return { steps: files?.steps ?? [], manifest: manifestOf(content ?? assert.fail('no deployment.yaml')) }
  }

  for (const [version, text] of [
    ['v1alpha1', v1alpha1],
    ['v1beta1', v1beta1],
  ] as const) {
    test(`has the workers of the deployment, in ${version}`, async () => {
      const wanted = deployment(disaggregated(3, 2), {}, { prefill: 2, decode: 1, aggregated: 1 })
      const { manifest } = await written(text, version === 'v1beta1' ? wanted : deployment(disaggregated(3, 2)))
      const { cast } = castOf(manifest, {})
      assert.deepEqual([cast.prefill?.replicas, cast.decode?.replicas], [3, 2])
    })
  }

  test('mounts engine settings from a ConfigMap that stands before it, and needs no change any more', async () => {
    const wanted = deployment(disaggregated(1, 1), { decode: { max_batch_size: 99 } })
    const { manifest } = await written(v1alpha1, wanted)
    const maps = manifest.documents.filter(({ kind }) => kind === 'ConfigMap')
    assert.ok(maps.some(({ resource }) => JSON.stringify(resource.data).includes('max_batch_size: 99')))
    assert.equal(manifest.documents.at(-1)?.kind, 'DynamoGraphDeployment')
    const again = designOf(manifest, castOf(manifest, {}).cast, deployment(disaggregated(1, 1)))
    assert.deepEqual(again.fields, [])
  })

  for (const [version, text, role] of [
    ['v1alpha1', v1alpha1, 'decode'],
    ['v1beta1', v1beta1, 'prefill'],
  ] as const) {
    test(`has the nodes and GPUs of each worker, in ${version}`, async () => {
      const gpus = { prefill: 8, decode: 8, aggregated: 1, [role]: 32 }
      const { manifest } = await written(
        text,
        deployment(disaggregated(1, 1), { [role]: { nodes_per_worker: 4 } }, gpus),
      )
      const { cast } = castOf(manifest, {})
      assert.deepEqual([cast[role]?.nodes, cast[role]?.gpusPerPod], [4, 8])
    })
  }

  test('is applied to the namespace of the sweep', async () => {
    const { steps } = await written(v1alpha1, deployment(disaggregated(1, 1)))
    assert.deepEqual(
      steps.map(({ command }) => command.split(' ').slice(0, 4).join(' ')),
      ['kubectl --namespace llm apply', 'kubectl --namespace llm apply', 'kubectl --namespace llm wait'],
    )
  })
})
