import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Asking, askingByDefault, probe } from '../../generators/probe.ts'
import { type Deployment, type Endpoint, FulcrumError, topologyLabel } from '../../model/index.ts'
import { changesUntilClosed } from '../changes-until-closed.ts'
import type { DeployContext, Deployer, Reconciled } from '../deployer.ts'
import { type Deadline, leftMs } from '../readiness.ts'
import { waitUntil } from '../wait.ts'
import { type ReadManifest, readManifest, requireFit } from './check.ts'
import { type Cluster, type ClusterChoice, openCluster } from './cluster.ts'
import { argumentOf } from './component.ts'
import type { KubernetesConfig } from './config.ts'
import { type Design, designOf } from './design.ts'
import { drainedFirst } from './drain.ts'
import { type JsonObject, readAt } from './fields.ts'
import { type HeldGraph, holdGraph } from './held-graph.ts'
import { collectionPath, graphPath } from './paths.ts'
import { lingering, podsOf, podTroubles, readyFrontend } from './pods.ts'
import { openPortForward, type PortForwarding } from './port-forward.ts'
import { patchFile, previewKubernetes } from './preview.ts'
import { reportedReplicas, unreadiness, type WantedReplicas } from './status.ts'
import { untilReady } from './wait-ready.ts'

/** What the deployer works with beside its configuration. */
export interface KubernetesPlace {
  readonly model: string
  /** How the load will ask; streamed chat when absent. */
  readonly ask?: Asking
  /** Applied patches are kept in its `deploy` folder. */
  readonly runFolder: string
  /** Opens the cluster; tests may give another. */
  readonly open?: (choice: ClusterChoice) => Promise<Cluster>
}

/** What was opened at the first reconcile. */
interface Site extends ReadManifest {
  readonly cluster: Cluster
  readonly namespace: string
  readonly held: HeldGraph
}

/** Port of Dynamo's frontend unless its command says another. */
const frontendPort = 8000
/** Giving back is a few small requests; an API server that is gone must not hold the exit for long. */
const closeLimitMs = 60_000
const explainLimitMs = 10_000
const lookEveryMs = 250

/** A DynamoGraphDeployment on Kubernetes: the user's manifest, changed in place by server-side apply. */
export function kubernetesDeployer(config: KubernetesConfig, place: KubernetesPlace): Deployer {
  const folder = resolve(place.runFolder, 'deploy')
  let site: Site | null = null
  let forwarding: PortForwarding | null = null
  /** What the last reconcile brought up; null while nothing is, or when it failed half-way. */
  let serving: Design | null = null
  const changes = changesUntilClosed()

  async function openSite(signal: AbortSignal): Promise<Site> {
    const read = readManifest(config)
    const open = place.open ?? openCluster
    const { kubeconfig, context } = config
    const cluster = await open({
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    })
    const namespace = config.namespace ?? read.manifest.graph.namespace ?? cluster.namespace
    return { ...read, cluster, namespace, held: await holdGraph(cluster, read.manifest, namespace, signal) }
  }

  async function change(wanted: Deployment, context: DeployContext): Promise<Omit<Reconciled, 'elapsedS'>> {
    const deadline: Deadline = { limitS: config.ready_timeout, startedAtMs: performance.now() }
    site ??= await openSite(context.signal)
    const here = site
    requireFit(here, wanted)
    const design = designOf(here.manifest, here.cast, wanted)
    const previous = serving
    serving = null
    const was = await here.cluster.get(graphPath(here.manifest.graph, here.namespace), context.signal)
    const counts = tellChanges(here, design, previous, was, context)
    const drained = drainedFirst(design, name =>
      was === null ? 0 : reportedReplicas(was, here.manifest.version, name),
    )
    for (const step of drained === null ? [design] : [drained, design]) {
      await keepPatch(here, wanted, step, step === drained)
      await here.held.apply(step, context.signal)
      await untilReady({
        cluster: here.cluster,
        collection: collectionPath(here.manifest.graph.apiVersion, 'dynamographdeployments', here.namespace),
        name: here.manifest.graph.name,
        deadline,
        context,
        label: topologyLabel(wanted.topology),
        judge: graph => unreadiness(graph, here.manifest.version, wantedReplicas(here, step, graph)),
        explain: () => explainPods(here),
      })
      if (step === drained) await emptied(here, step, deadline, context.signal)
    }
    const endpoint: Endpoint = await reach(here)
    await answered(endpoint, design, deadline, topologyLabel(wanted.topology), context)
    serving = design
    return { endpoint, ...counts }
  }

  /** A worker that is being ended may answer the very completion that is to show that the next ones do. */
  async function emptied(here: Site, { pools }: Design, deadline: Deadline, signal: AbortSignal): Promise<void> {
    const gone = pools.filter(({ replicas }) => replicas === 0).map(({ component }) => component.name)
    const which = { graph: here.manifest.graph.name, namespace: here.namespace }
    try {
      while (leftMs(deadline) > 0 && lingering(await podsOf(here.cluster, which, signal), gone).length > 0) {
        await sleep(lookEveryMs, undefined, { signal })
      }
    } catch (error) {
      // Without the right to list pods there is nothing to wait for.
      if (!(error instanceof FulcrumError) || error.code !== 'kubernetes-forbidden') throw error
    }
  }

  async function keepPatch(here: Site, wanted: Deployment, step: Design, isDrain: boolean): Promise<void> {
    const { path, content } = patchFile({ ...here, folder }, wanted, step, isDrain)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }

  /** Events and numbers of workers that come and go; a pool with another signature is replaced whole. */
  function tellChanges(
    { manifest }: Site,
    design: Design,
    previous: Design | null,
    was: JsonObject | null,
    { onEvent }: DeployContext,
  ): { readonly workersStarted: number; readonly workersStopped: number } {
    let [workersStarted, workersStopped] = [0, 0]
    for (const { role, component, replicas, signature } of design.pools) {
      const before = was === null ? 0 : reportedReplicas(was, manifest.version, component.name)
      const known = previous?.pools.find(pool => pool.role === role)
      const replaced = known !== undefined && known.replicas > 0 && replicas > 0 && known.signature !== signature
      const kept = replaced ? 0 : Math.min(before, replicas)
      workersStarted += replicas - kept
      workersStopped += before - kept
      const said = `${component.name} ${before} → ${replicas}`
      if (replaced) onEvent({ kind: 'restart', what: said, role })
      else if (replicas > before) onEvent({ kind: 'start', what: said, role })
      else if (replicas < before) onEvent({ kind: 'stop', what: said, role })
    }
    return { workersStarted, workersStopped }
  }

  async function reach({ cluster, manifest, cast, namespace }: Site): Promise<Endpoint> {
    const { frontend } = cast
    const port = Number(frontend === undefined ? Number.NaN : argumentOf(frontend, 'http-port')) || frontendPort
    if (config.url === undefined && forwarding === null) {
      const graph = manifest.graph.name
      forwarding = await openPortForward(async socket => {
        const pods = await podsOf(cluster, { graph, namespace }, changes.closing)
        const name = readyFrontend(pods, frontend?.name ?? '')
        if (name === null) throw new Error('no frontend pod is ready')
        await cluster.forward({ namespace, name, port }, socket)
      })
    }
    const url = config.url ?? forwarding?.url ?? ''
    const apiKey = config.api_key_env === undefined ? {} : { apiKeyEnv: config.api_key_env }
    const clusterUrl =
      frontend === undefined ? undefined : serviceUrl(manifest.graph.name, frontend.name, namespace, port)
    return {
      ...{ url, model: place.model, dialect: 'dynamo-1', metricsUrls: { frontend: `${url}/metrics` }, ...apiKey },
      ...(clusterUrl === undefined ? {} : { clusterUrl }),
    }
  }

  /** Real completions, as many as the largest pool has workers, so that none meets its first request under load. */
  async function answered(
    endpoint: Endpoint,
    { pools }: Design,
    deadline: Deadline,
    label: string,
    context: DeployContext,
  ): Promise<void> {
    let missing = Math.max(1, ...pools.map(({ replicas }) => replicas))
    let why = 'no completion came back'
    await waitUntil(
      async () => {
        while (missing > 0) {
          try {
            const timeoutMs = Math.max(1, leftMs(deadline))
            await probe(endpoint, { signal: context.signal, timeoutMs, ...(place.ask ?? askingByDefault) })
            missing--
          } catch (error) {
            if (error instanceof FulcrumError) why = error.message
            return false
          }
        }
        return true
      },
      {
        signal: context.signal,
        limitMs: Math.max(1, leftMs(deadline)),
        failed: () => null,
        late: () =>
          new FulcrumError(
            'failed',
            'deployment-not-ready',
            `${label} was not ready within ${deadline.limitS} s: its workers are available, but ${why}`,
            { where: endpoint.url, remedy: 'Look at the logs of the frontend and the workers.' },
          ),
        onWaiting: elapsedS =>
          context.onEvent({ kind: 'waiting', what: 'a completion', elapsedS, deadlineS: deadline.limitS }),
      },
    )
  }

  async function explainPods({ cluster, manifest, namespace }: Site): Promise<string> {
    const signal = AbortSignal.any([changes.closing, AbortSignal.timeout(explainLimitMs)])
    const troubles = podTroubles(await podsOf(cluster, { graph: manifest.graph.name, namespace }, signal))
    return troubles.map(line => `\n  ${line}`).join('')
  }

  return {
    reconcile: async (wanted, context) => {
      return changes.run(wanted, context, change)
    },

    check: async signal => {
      if (site === null || serving === null) return ['nothing is deployed']
      const { cluster, manifest, namespace } = site
      const graph = await cluster.get(graphPath(manifest.graph, namespace), signal).catch((error: unknown) => {
        signal.throwIfAborted()
        return error instanceof Error ? error.message : String(error)
      })
      if (graph === null) return [`${manifest.graph.name} was deleted`]
      return typeof graph === 'string'
        ? [graph]
        : unreadiness(graph, manifest.version, wantedReplicas(site, serving, graph))
    },

    preview: (from, wanted) => previewKubernetes({ config, ...readManifest(config), folder }, from, wanted),

    logs: () => ({}),

    close: async () => {
      await changes.close()
      await forwarding?.close()
      forwarding = null
      const { held } = site ?? {}
      site = null
      serving = null
      if (held === undefined || config.on_exit === 'keep') return
      const limit = AbortSignal.timeout(closeLimitMs)
      await (config.on_exit === 'delete' ? held.remove(limit) : held.restore(limit))
    },
  }
}

/** The service that Dynamo's operator makes for a frontend. */
function serviceUrl(graph: string, component: string, namespace: string, port: number): string {
  return `http://${`${graph}-${component}`.toLowerCase().replaceAll('.', '-')}.${namespace}.svc:${port}`
}

/**
 * The frontend is waited for too, as many as the graph has now: it may be rolled out with the rest, or scaled by
 * others.
 */
function wantedReplicas({ cast }: ReadManifest, { pools }: Design, graph: JsonObject): readonly WantedReplicas[] {
  const workers = pools.map(({ component, replicas }) => ({ name: component.name, replicas }))
  const { frontend } = cast
  if (frontend === undefined) return workers
  const replicas = readAt(graph, frontend.replicasPath)
  return [...workers, { name: frontend.name, replicas: typeof replicas === 'number' ? replicas : 1 }]
}
