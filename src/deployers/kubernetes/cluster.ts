import type { Duplex } from 'node:stream'
import type { KubeConfig } from '@kubernetes/client-node'
import { FulcrumError, type JsonObject } from '../../model/index.ts'
import type { PatchOperation } from './fields.ts'
import { requestTo } from './request.ts'

/** Options of a server-side apply. */
export interface ApplyOptions {
  readonly manager: string
  /** Takes over fields that another manager owns. */
  readonly force: boolean
  /** Reports the result without changing anything. */
  readonly dryRun?: boolean
}

/** The part of the Kubernetes API that a sweep needs. Paths begin with `/api` or `/apis`. Every call has a deadline. */
export interface Cluster {
  readonly server: string
  /** Namespace of the context. */
  readonly namespace: string
  /** Null if it does not exist. */
  get(path: string, signal: AbortSignal): Promise<JsonObject | null>
  /** @throws FulcrumError `kubernetes-conflict` if another manager owns a field; its cause is the server's Status */
  apply(path: string, body: JsonObject, options: ApplyOptions, signal: AbortSignal): Promise<JsonObject>
  patch(path: string, operations: readonly PatchOperation[], signal: AbortSignal): Promise<JsonObject>
  /** Sets the number of replicas through a scale subresource. */
  scale(path: string, replicas: number, signal: AbortSignal): Promise<void>
  /** Does nothing if it does not exist. */
  delete(path: string, signal: AbortSignal): Promise<void>
  /** Calls back for each change. Resolves when the server ends the watch or the signal is aborted. */
  watch(
    path: string,
    query: { readonly [name: string]: string },
    onChange: (type: string, resource: JsonObject) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Connects a socket to a port of a pod until either side ends. */
  forward(
    pod: { readonly namespace: string; readonly name: string; readonly port: number },
    socket: Duplex,
  ): Promise<void>
}

/** Kubeconfig file and context. */
export interface ClusterChoice {
  readonly kubeconfig?: string
  readonly context?: string
}

/** Fulcrum's name as a field manager. */
export const fieldManager = 'fulcrum'

/**
 * Opens the cluster of a kubeconfig file, of KUBECONFIG or ~/.kube/config, or the one in which this process runs.
 * @throws FulcrumError if there is none, or no such context
 */
export async function openCluster(choice: ClusterChoice): Promise<Cluster> {
  // Loaded on demand, because loading takes a quarter of a second that only sweeps on Kubernetes need.
  const { KubeConfig, PortForward, Watch } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  load(config, choice)
  const { request } = await requestTo(config)
  const server = config.getCurrentCluster()?.server ?? ''
  const patchOf = (path: string, type: string, body: unknown, signal: AbortSignal) =>
    request({ method: 'PATCH', path, body: JSON.stringify(body), type, signal })

  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    get: (path, signal) => request({ method: 'GET', path, signal, absentIsNull: true }),
    async apply(path, body, { manager, force, dryRun }, signal) {
      const query = new URLSearchParams({ fieldManager: manager, force: String(force) })
      if (dryRun === true) query.set('dryRun', 'All')
      return (await patchOf(`${path}?${query}`, 'application/apply-patch+yaml', body, signal)) ?? {}
    },
    async patch(path, operations, signal) {
      const query = `?fieldManager=${fieldManager}`
      return (await patchOf(`${path}${query}`, 'application/json-patch+json', operations, signal)) ?? {}
    },
    async scale(path, replicas, signal) {
      const query = `?fieldManager=${fieldManager}`
      await patchOf(`${path}/scale${query}`, 'application/merge-patch+json', { spec: { replicas } }, signal)
    },
    async delete(path, signal) {
      await request({ method: 'DELETE', path, signal, absentIsNull: true })
    },
    async watch(path, query, onChange, signal) {
      if (signal.aborted) return
      const ended = Promise.withResolvers<void>()
      const watching = await new Watch(config).watch(path, { ...query }, onChange, () => ended.resolve())
      const stop = () => {
        watching.abort()
        ended.resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      await ended.promise
      signal.removeEventListener('abort', stop)
      watching.abort()
    },
    async forward({ namespace, name, port }, socket) {
      const made = await new PortForward(config).portForward(namespace, name, [port], socket, null, socket)
      if (typeof made === 'function') return
      made.on('close', () => socket.destroy())
      socket.on('close', () => made.close())
    },
  }
}

function load(config: KubeConfig, { kubeconfig, context }: ClusterChoice): void {
  try {
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FulcrumError('bad-input', 'kubeconfig-unreadable', `Could not use the kubeconfig: ${why}`, {
      where: kubeconfig,
      cause,
    })
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name)
      throw new FulcrumError('bad-input', 'no-such-context', `The kubeconfig has no context '${context}'`, {
        where: kubeconfig,
        remedy: known.length === 0 ? 'It has no contexts.' : `It has: ${known.join(', ')}.`,
      })
    }
    config.setCurrentContext(context)
  }
  const cluster = config.getCurrentCluster()
  // Without a configuration, the client falls back to port 8080 of this machine, which is never intended.
  if (cluster === null || (kubeconfig === undefined && cluster.server === 'http://localhost:8080')) {
    throw new FulcrumError('environment', 'no-kubeconfig', 'No Kubernetes cluster is configured', {
      remedy: 'Set KUBECONFIG, write deploy.kubeconfig, or run Fulcrum in a pod with a service account.',
    })
  }
}
