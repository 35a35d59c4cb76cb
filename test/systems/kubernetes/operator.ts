import { openCluster } from '../../../src/deploy/kubernetes/cluster.ts'
import { isObject, type JsonObject, readAt } from '../../../src/deploy/kubernetes/fields.ts'
import { simulatedDeployer } from '../../../src/deploy/simulated.ts'
import { contentId, type Deployment, type Topology } from '../../../src/point/index.ts'
import type { ProcessLedger } from '../../../src/process/ledger.ts'
import type { ApiServer } from './api-server.ts'

/** A small stand-in for Dynamo's operator: turns the replicas of one graph into workers of a simulated engine. */
export interface Operator {
  /** The frontend, there from the start. */
  readonly url: string
  /** Every topology that it brought up, in order: `prefill/decode`. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

const model = { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' }

/** What the operator does to whom. */
export interface OperatorParts {
  readonly server: ApiServer
  readonly ledger: ProcessLedger
  readonly version: 'v1alpha1' | 'v1beta1'
  readonly name: string
  /** Components that scaling adapters hold; made as soon as the graph is there. */
  readonly adapters?: readonly string[]
}

/** Starts a frontend with one worker of each role, and follows the graph from then on. */
export async function startOperator(parts: OperatorParts): Promise<Operator> {
  const { server, ledger, version, name, adapters = [] } = parts
  const ending = new AbortController()
  const { signal } = ending
  const engine = simulatedDeployer(
    { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
    { runFolder: server.folder, ledger },
  )
  const context = { signal, onEvent: () => {} }
  const { endpoint } = await engine.reconcile(deployment({ kind: 'disaggregated', prefill: 1, decode: 1 }), context)
  const seen: string[] = []
  const collection = `/apis/nvidia.com/${version}/namespaces/llm/dynamographdeployments`
  const adapterCollection = '/apis/nvidia.com/v1alpha1/namespaces/llm/dynamographdeploymentscalingadapters'
  const section = version === 'v1alpha1' ? 'services' : 'components'
  const cluster = await openCluster({ kubeconfig: server.kubeconfig })

  async function follow(): Promise<void> {
    const graph = await cluster.get(`${collection}/${name}`, signal)
    if (graph === null) return
    for (const component of adapters) await followAdapter(component, graph)
    const now = (await cluster.get(`${collection}/${name}`, signal)) ?? graph
    const generation = readAt(now, ['metadata', 'generation'])
    if (readAt(now, ['status', 'observedGeneration']) === generation) return
    const wanted = replicasOf(now)
    // As a real one does: it says at once what it has seen, and later that it has done it.
    await report(now, wanted, false)
    const [prefill, decode] = [wanted.prefill ?? 0, wanted.decode ?? 0]
    if (prefill > 0 && decode > 0) {
      await engine.reconcile(deployment({ kind: 'disaggregated', prefill, decode }), context)
      seen.push(`${prefill}/${decode}`)
    }
    await report(now, wanted, true)
  }

  async function followAdapter(component: string, graph: JsonObject): Promise<void> {
    const path = `${adapterCollection}/${name}-${component.toLowerCase()}`
    const adapter = await cluster.get(path, signal)
    const graphReplicas = replicasOf(graph)[component] ?? 0
    if (adapter === null) {
      const spec = { replicas: graphReplicas, dgdRef: { name, service: component } }
      const kind = 'DynamoGraphDeploymentScalingAdapter'
      const metadata = { name: `${name}-${component.toLowerCase()}` }
      await server.call('POST', adapterCollection, { apiVersion: 'nvidia.com/v1alpha1', kind, metadata, spec })
    } else if (readAt(adapter, ['spec', 'replicas']) !== graphReplicas) {
      const replicas = readAt(adapter, ['spec', 'replicas'])
      const body = { spec: { services: { [component]: { replicas } } } }
      await server.call('PATCH', `${collection}/${name}?fieldManager=adapter`, body, 'application/merge-patch+json')
    }
  }

  function replicasOf(graph: JsonObject): { readonly [component: string]: number } {
    const components = readAt(graph, ['spec', section])
    const entries: [string, unknown][] = isObject(components)
      ? Object.entries(components)
      : (Array.isArray(components) ? components : []).map(item => [String(readAt(item, ['name'])), item])
    return Object.fromEntries(
      entries.map(([component, value]) => [component, Number(readAt(value as JsonObject, ['replicas']) ?? 1)]),
    )
  }

  async function report(graph: JsonObject, wanted: { readonly [name: string]: number }, done: boolean): Promise<void> {
    const counts = (replicas: number) => ({
      componentKind: 'Deployment',
      replicas,
      updatedReplicas: done ? replicas : 0,
      availableReplicas: done ? replicas : 0,
    })
    const status = {
      observedGeneration: readAt(graph, ['metadata', 'generation']),
      state: done ? 'successful' : 'pending',
      [section]: Object.fromEntries(Object.entries(wanted).map(([component, n]) => [component, counts(n)])),
      // Stays true while workers change, as it does in real life.
      conditions: [{ type: 'Ready', status: 'True', reason: 'all_resources_are_ready', message: '' }],
    }
    await server.call('PATCH', `${collection}/${name}/status`, { status }, 'application/merge-patch+json')
  }

  const following = (async () => {
    while (!signal.aborted) {
      await follow().catch((error: unknown) => {
        if (!signal.aborted && !/HTTP 40[49]/.test(String(error))) console.error(error)
      })
      const pause = AbortSignal.any([signal, AbortSignal.timeout(adapters.length > 0 ? 100 : 250)])
      await cluster.watch(collection, { fieldSelector: `metadata.name=${name}`, timeoutSeconds: '5' }, () => {}, pause)
    }
  })()

  return {
    url: endpoint.url,
    seen,
    async close() {
      ending.abort()
      await following
      await engine.close()
    },
  }
}

function deployment(topology: Topology): Deployment {
  const content = { topology, model, engine: {}, gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 } }
  return { id: contentId(content), ...content }
}
