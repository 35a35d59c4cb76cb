import { setTimeout as sleep } from 'node:timers/promises'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../src/model/index.ts'
import { applyAs } from './call.ts'
import type { ControlPlane } from './control-plane.ts'

/**
 * A small stand-in for Dynamo's operator: makes a Deployment of every component of one graph and a Service of its
 * frontend, as the real one does without Grove, and reports what becomes of them in the graph's status.
 */
export interface Operator {
  /** Every topology that stood, in order: `prefill/decode`. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

/** What the operator does to whom. */
export interface OperatorParts {
  readonly plane: ControlPlane
  readonly version: 'v1alpha1' | 'v1beta1'
  readonly name: string
  /** Variables of every container, beside the graph's own. */
  readonly env?: { readonly [name: string]: string }
  /** GPUs of each pod beside its main container's. */
  readonly sidecarGpus?: number
  /** Pods are on the host's network, as the processes of this machine that they are. */
  readonly hostNetwork?: boolean
}

/** A component, read the same way in either shape. */
interface Component {
  readonly name: string
  readonly type: string
  readonly replicas: number
  /** Pods of each worker, which a LeaderWorkerSet or Grove would make in its own way. */
  readonly nodes: number
  readonly container: JsonObject
  readonly volumes: Json
  readonly adapted: boolean
}

const namespace = 'llm'
const lookEveryMs = 100
const manager = 'dynamo-operator'

export async function startOperator(parts: OperatorParts): Promise<Operator> {
  const { plane, version, name, sidecarGpus = 0 } = parts
  const { call } = plane
  const dynamo = `/apis/nvidia.com/${version}/namespaces/${namespace}`
  const graphPath = `${dynamo}/dynamographdeployments/${name}`
  const ending = new AbortController()
  const seen: string[] = []
  let written = ''

  async function look(): Promise<void> {
    const graph = await call('GET', graphPath)
    for (const component of componentsOf(graph, version)) if (component.adapted) await followAdapter(graph, component)
    const now = await call('GET', graphPath)
    const components = componentsOf(now, version)
    for (const component of components) await ensure(now, component)
    await report(now, components)
  }

  /** Makes the adapter; then brings what it says into the graph, as its only writer. */
  async function followAdapter(graph: JsonObject, { name: component, replicas }: Component): Promise<void> {
    const path = `${dynamo}/dynamographdeploymentscalingadapters/${name}-${component.toLowerCase()}`
    const there = await call('GET', path).catch(() => null)
    if (there === null) {
      const key = version === 'v1alpha1' ? 'serviceName' : 'componentName'
      await applyAs(call, manager, path, {
        apiVersion: `nvidia.com/${version}`,
        kind: 'DynamoGraphDeploymentScalingAdapter',
        metadata: { name: `${name}-${component.toLowerCase()}`, ownerReferences: [ownerOf(graph, version)] },
        spec: { replicas, dgdRef: { name, [key]: component } },
      })
      return
    }
    // Of a graph before, and about to go with it.
    const [owner] = (readAt(there, ['metadata', 'ownerReferences']) ?? []) as readonly Json[]
    if (readAt(owner, ['uid']) !== readAt(graph, ['metadata', 'uid'])) return
    const wanted = readAt(there, ['spec', 'replicas'])
    if (wanted === replicas || typeof wanted !== 'number') return
    const list = componentsOf(await call('GET', graphPath), version)
    const at =
      version === 'v1alpha1'
        ? `/spec/services/${component}/replicas`
        : `/spec/components/${list.findIndex(other => other.name === component)}/replicas`
    const patch = [{ op: 'replace', path: at, value: wanted }]
    await call('PATCH', `${graphPath}?fieldManager=${manager}`, patch, 'application/json-patch+json')
    await call('PATCH', `${path}/status`, { status: { replicas: wanted } }, 'application/merge-patch+json')
  }

  async function ensure(graph: JsonObject, component: Component): Promise<void> {
    const own = `${name}-${component.name.toLowerCase()}`
    const labels = {
      'nvidia.com/dynamo-graph-deployment-name': name,
      'nvidia.com/dynamo-component': component.name,
      'nvidia.com/dynamo-component-type': component.type,
    }
    const metadata = { name: own, labels, ownerReferences: [ownerOf(graph, version)] }
    const spec = {
      replicas: component.replicas * component.nodes,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(component, parts) },
    }
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }
    await applyAs(call, manager, `/apis/apps/v1/namespaces/${namespace}/deployments/${own}`, deployment)
    if (component.type !== 'frontend') return
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 8000 }] } }
    await applyAs(call, manager, `/api/v1/namespaces/${namespace}/services/${own}`, service)
  }

  async function report(graph: JsonObject, components: readonly Component[]): Promise<void> {
    const counts: { [name: string]: JsonObject } = {}
    let settled = true
    for (const component of components) {
      const own = `${name}-${component.name.toLowerCase()}`
      const deployment = await call('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${own}`)
      const status = (key: string) => Number(readAt(deployment, ['status', key]) ?? 0)
      // A worker is there when all of its pods are, and until its last one has gone.
      const at = (key: string) => {
        const workers = status(key) / component.nodes
        return key === 'replicas' ? Math.ceil(workers) : Math.floor(workers)
      }
      const current = status('observedGeneration') === readAt(deployment, ['metadata', 'generation'])
      const gpus = readAt(component.container, ['resources', 'limits', 'nvidia.com/gpu'])
      counts[component.name] = {
        ...{ componentKind: 'Deployment', componentName: own, componentNames: [own] },
        replicas: at('replicas'),
        updatedReplicas: current ? at('updatedReplicas') : 0,
        readyReplicas: at('readyReplicas'),
        availableReplicas: at('availableReplicas'),
        ...(gpus === undefined ? {} : { gpusPerReplica: (Number(gpus) + sidecarGpus) * component.nodes }),
      }
      const same = ['replicas', 'updatedReplicas', 'availableReplicas'].every(key => at(key) === component.replicas)
      settled &&= current && same
    }
    const status = {
      observedGeneration: readAt(graph, ['metadata', 'generation']) ?? 0,
      state: settled ? 'successful' : 'pending',
      [version === 'v1alpha1' ? 'services' : 'components']: counts,
      conditions: [
        {
          type: 'Ready',
          // Stays true while workers change, as it does in real life.
          status: 'True',
          reason: settled ? 'all_resources_are_ready' : 'updating',
          message: '',
          lastTransitionTime: String(readAt(graph, ['metadata', 'creationTimestamp'])),
        },
      ],
    }
    const of = (type: string) => components.find(component => component.type === type)?.replicas
    const stands = `${of('prefill')}/${of('decode')}`
    if (settled && seen.at(-1) !== stands) seen.push(stands)
    const text = JSON.stringify([readAt(graph, ['metadata', 'uid']) ?? '', status])
    if (text === written) return
    await call('PATCH', `${graphPath}/status`, { status }, 'application/merge-patch+json')
    written = text
  }

  const following = (async () => {
    while (!ending.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!ending.signal.aborted && !/HTTP 40[49]/.test(String(error))) console.error(error)
      })
      await sleep(lookEveryMs)
    }
  })()
  return {
    seen,
    async close() {
      ending.abort()
      await following
    },
  }
}

function componentsOf(graph: JsonObject, version: OperatorParts['version']): readonly Component[] {
  const spec = readAt(graph, ['spec'])
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : '')
  const replicas = (value: Json) => Number(readAt(value, ['replicas']) ?? 1)
  const nodes = (value: Json) => Number(readAt(value, ['multinode', 'nodeCount']) ?? 1)
  if (version === 'v1alpha1') {
    const services = readAt(spec, ['services'])
    return Object.entries(isJsonObject(services) ? services : {}).map(([name, value]) => ({
      name,
      type: text(readAt(value, ['subComponentType'])) || text(readAt(value, ['componentType'])),
      replicas: replicas(value),
      nodes: nodes(value),
      container: withGpus(
        readAt(value, ['extraPodSpec', 'mainContainer']),
        readAt(value, ['resources', 'limits', 'gpu']),
      ),
      volumes: readAt(value, ['extraPodSpec', 'volumes']) ?? [],
      adapted: readAt(value, ['scalingAdapter', 'enabled']) === true,
    }))
  }
  const components = readAt(spec, ['components'])
  return (Array.isArray(components) ? components : []).map(value => ({
    name: text(readAt(value, ['name'])),
    type: text(readAt(value, ['type'])),
    replicas: replicas(value),
    nodes: nodes(value),
    container: withGpus(readAt(value, ['podTemplate', 'spec', 'containers', { name: 'main' }]), undefined),
    volumes: readAt(value, ['podTemplate', 'spec', 'volumes']) ?? [],
    adapted: readAt(value, ['scalingAdapter']) !== undefined,
  }))
}

function withGpus(container: Json | undefined, gpus: Json | undefined): JsonObject {
  const given = isJsonObject(container) ? container : {}
  return gpus === undefined ? given : { ...given, resources: { limits: { 'nvidia.com/gpu': gpus } } }
}

function podSpec({ container, volumes }: Component, { env = {}, hostNetwork = false }: OperatorParts): JsonObject {
  const own = Array.isArray(container.env) ? container.env : []
  const more = Object.entries(env).map(([name, value]) => ({ name, value }))
  const main = { image: 'runtime:1', ...container, name: 'main', env: [...more, ...own] }
  return { hostNetwork, volumes, containers: [main] }
}

const ownerOf = (graph: JsonObject, version: string): JsonObject => ({
  apiVersion: `nvidia.com/${version}`,
  kind: 'DynamoGraphDeployment',
  name: readAt(graph, ['metadata', 'name']) ?? '',
  uid: readAt(graph, ['metadata', 'uid']) ?? '',
  controller: true,
})
