import type { Socket } from 'node:net'
import { isJsonObject, type JsonObject } from '../../model/index.ts'
import { unavailablePage } from '../../telemetry/metrics-page.ts'
import type { Design } from './design.ts'
import { readAt } from './fields.ts'
import { graphPods, type OpenedGraph } from './opened-graph.ts'
import { leadersOf, nameOfPod, podsOf } from './pods.ts'
import { openPortForward, type PortForwarding } from './port-forward.ts'

/** Default metrics port of workers under Dynamo's operator. */
const defaultPort = 9090
/** A scrape times out after 2 s. */
const findLimitMs = 2000

/** Port-forwards to the metrics pages of worker pods, one for each worker of the deployment. */
export interface WorkerForwards {
  /** Metrics pages by source: `prefill-0`, `decode-0`, … */
  pages(opened: OpenedGraph, design: Design): Promise<{ readonly [source: string]: string }>
  /** Safe to call twice. */
  close(): Promise<void>
}

/**
 * Looks up a pod when its page is requested, and again when the pod is gone. The counters of a new pod restart. An
 * unreachable pod fails the scrape, which a finding reports, but never the deployment.
 */
export function workerForwards(closing: AbortSignal): WorkerForwards {
  const forwardings = new Map<string, PortForwarding>()
  /** The pod behind each source. */
  const assigned = new Map<string, string>()
  let wanted: ReadonlySet<string> = new Set()

  async function podFor(opened: OpenedGraph, source: string, component: string): Promise<JsonObject> {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(findLimitMs)])
    const pods = leadersOf(await podsOf(opened.cluster, graphPods(opened), signal), component)
    const names = pods.map(nameOfPod)
    // Releases pods that only an earlier deployment had.
    for (const other of assigned.keys()) if (!wanted.has(other)) assigned.delete(other)
    const current = pods[names.indexOf(assigned.get(source) ?? '')]
    if (current !== undefined) return current
    const taken = new Set(assigned.values())
    const free = pods.find(pod => !taken.has(nameOfPod(pod)))
    if (free === undefined) throw new Error(`no ready pod of ${component} without another metrics page`)
    assigned.set(source, nameOfPod(free))
    return free
  }

  async function connect(opened: OpenedGraph, source: string, component: string, socket: Socket): Promise<void> {
    try {
      const pod = await podFor(opened, source, component)
      const { cluster, namespace } = opened
      await cluster.forward({ namespace, name: nameOfPod(pod), port: metricsPort(pod) }, socket)
    } catch (error) {
      socket.end(unavailablePage(error instanceof Error ? error.message : String(error)))
    }
  }

  return {
    pages: async (opened, { pools }) => {
      const sources = pools.flatMap(({ role, component, replicas }) =>
        Array.from({ length: replicas }, (_, i) => ({ source: `${role}-${i}`, component: component.name })),
      )
      wanted = new Set(sources.map(({ source }) => source))
      for (const { source, component } of sources) {
        closing.throwIfAborted()
        if (forwardings.has(source)) continue
        forwardings.set(source, await openPortForward(socket => connect(opened, source, component, socket)))
      }
      return Object.fromEntries(sources.map(({ source }) => [source, `${forwardings.get(source)?.url ?? ''}/metrics`]))
    },
    close: async () => {
      await Promise.all([...forwardings.values()].map(forwarding => forwarding.close()))
      forwardings.clear()
      assigned.clear()
    },
  }
}

/** The container's port named `system` or `metrics`, or the port in the environment of Dynamo's runtime. */
function metricsPort(pod: JsonObject): number {
  const containers = listAt(pod, ['spec', 'containers'])
  const ports = containers.flatMap(container => listAt(container, ['ports']))
  const named = ports.find(({ name }) => name === 'system' || name === 'metrics')?.containerPort
  const variables = containers.flatMap(container => listAt(container, ['env']))
  const told = Number(variables.find(({ name }) => name === 'DYN_SYSTEM_PORT')?.value)
  return typeof named === 'number' ? named : told > 0 ? told : defaultPort
}

function listAt(value: JsonObject, path: readonly string[]): readonly JsonObject[] {
  const list = readAt(value, path)
  return (Array.isArray(list) ? list : []).filter(isJsonObject)
}
