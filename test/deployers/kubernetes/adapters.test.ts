import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adaptersOf } from '../../../src/deployers/kubernetes/adapters.ts'
import type { Cluster } from '../../../src/deployers/kubernetes/cluster.ts'
import { parseManifest } from '../../../src/deployers/kubernetes/manifest.ts'
import type { JsonObject } from '../../../src/model/index.ts'
import { v1alpha1, v1beta1 } from './manifests.ts'

/** A cluster that has these lists and nothing else. */
function clusterWith(lists: { readonly [path: string]: readonly JsonObject[] }): Cluster {
  const never = () => Promise.reject(new Error('only read'))
  return {
    ...{ server: 'https://test', namespace: 'llm', apply: never, patch: never, scale: never, delete: never },
    ...{ watch: never, forward: never },
    get: async path => {
      const items = lists[path]
      return items === undefined ? null : { items }
    },
  }
}

const path = (version: string) => `/apis/nvidia.com/${version}/namespaces/llm/dynamographdeploymentscalingadapters`

async function found(manifest: string, lists: { readonly [path: string]: readonly JsonObject[] }) {
  const { manifest: read } = parseManifest(manifest, 'm.yaml')
  assert.ok(read !== null)
  return adaptersOf(clusterWith(lists), read.graph, 'llm', AbortSignal.timeout(1000))
}

const adapter = (graph: string, reference: JsonObject): JsonObject => ({
  metadata: { name: `${graph}-decode` },
  spec: { replicas: 2, dgdRef: { name: graph, ...reference } },
})

test('an adapter names its component as a service in v1alpha1 and as a component in v1beta1', async () => {
  const expected = (version: string) => [{ component: 'decode', path: `${path(version)}/graph-decode`, replicas: 2 }]
  assert.deepEqual(
    await found(v1alpha1, { [path('v1alpha1')]: [adapter('graph', { serviceName: 'decode' })] }),
    expected('v1alpha1'),
  )
  assert.deepEqual(
    await found(v1beta1, { [path('v1beta1')]: [adapter('graph', { componentName: 'decode' })] }),
    expected('v1beta1'),
  )
})

test('an operator that serves adapters in the older version alone is asked for those', async () => {
  const [first] = await found(v1beta1, { [path('v1alpha1')]: [adapter('graph', { serviceName: 'decode' })] })
  assert.equal(first?.path, `${path('v1alpha1')}/graph-decode`)
})

test('adapters of other graphs are left alone, and an operator without any has none', async () => {
  assert.deepEqual(await found(v1alpha1, { [path('v1alpha1')]: [adapter('other', { serviceName: 'decode' })] }), [])
  assert.deepEqual(await found(v1alpha1, {}), [])
})
