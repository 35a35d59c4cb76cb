import { defined, type Endpoint } from '../../model/index.ts'
import { argumentOf, type Component } from './component.ts'
import type { KubernetesConfig } from './config.ts'
import { graphPods, type OpenedGraph } from './opened-graph.ts'
import { podsOf, readyFrontend } from './pods.ts'
import { openPortForward, type PortForwarding } from './port-forward.ts'

/** Port of Dynamo's frontend, unless its command sets another. */
const defaultPort = 8000

/** Access to a graph's frontend: `deploy.url`, or a port-forward that stays open between points. */
export interface FrontendAccess {
  endpoint(graph: OpenedGraph, frontend: Component | undefined): Promise<Endpoint>
  /** Safe to call twice. */
  close(): Promise<void>
}

/** @param closing aborts the search for a pod */
export function frontendAccess(config: KubernetesConfig, model: string, closing: AbortSignal): FrontendAccess {
  let forwarding: PortForwarding | null = null
  /** Port of the current frontend, which a variant may change. */
  let port = defaultPort

  async function forwardTo(opened: OpenedGraph, frontend: Component | undefined): Promise<PortForwarding> {
    const { cluster, namespace } = opened
    return openPortForward(async socket => {
      const name = readyFrontend(await podsOf(cluster, graphPods(opened), closing), frontend?.name ?? '')
      if (name === null) throw new Error('no frontend pod is ready')
      await cluster.forward({ namespace, name, port }, socket)
    })
  }

  return {
    endpoint: async (opened, frontend) => {
      const { manifest, namespace } = opened
      port = Number(frontend === undefined ? Number.NaN : argumentOf(frontend, 'http-port')) || defaultPort
      if (config.url === undefined) forwarding ??= await forwardTo(opened, frontend)
      const url = config.url ?? forwarding?.url ?? ''
      const clusterUrl =
        frontend === undefined ? undefined : serviceUrl(manifest.graph.name, frontend.name, namespace, port)
      return {
        url,
        model,
        dialect: 'dynamo-1',
        metricsUrls: { frontend: `${url}/metrics` },
        ...defined({ apiKeyEnv: config.api_key_env, clusterUrl }),
      }
    },
    close: async () => {
      await forwarding?.close()
      forwarding = null
    },
  }
}

/** The service that Dynamo's operator creates for a frontend. */
function serviceUrl(graph: string, component: string, namespace: string, port: number): string {
  return `http://${`${graph}-${component}`.toLowerCase().replaceAll('.', '-')}.${namespace}.svc:${port}`
}
