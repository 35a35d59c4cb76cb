import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { askingByDefault } from '../../generators/probe.ts'
import { type Deployment, topologyLabel } from '../../model/index.ts'
import { changesUntilClosed } from '../changes-until-closed.ts'
import type { DeployerOptions } from '../context.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { DeployContext, Deployer, Reconciled } from '../deployer.ts'
import { readManifest, requireFit } from './check.ts'
import type { Cluster, ClusterChoice } from './cluster.ts'
import { completionsAnswered } from './completions.ts'
import type { KubernetesConfig } from './config.ts'
import { type Design, designOf } from './design.ts'
import { drainedFirst } from './drain.ts'
import { frontendAccess } from './frontend.ts'
import { type OpenedGraph, openGraph } from './opened-graph.ts'
import { graphPath } from './paths.ts'
import { reportPoolChanges } from './pool-changes.ts'
import { patchFile, previewKubernetes } from './preview.ts'
import { type GraphRollout, podsGone, removeGraph, requireGpus, rollOut, wantedReplicas } from './rollout.ts'
import { reportedReplicas, unreadiness } from './status.ts'
import { workerForwards } from './worker-forwards.ts'

/** Options of the deployer. Applied patches are kept in the run's `deploy` folder. */
export interface KubernetesOptions
  extends Pick<DeployerOptions, 'model' | 'ask' | 'runFolder'>,
    Partial<ConfigOf<KubernetesConfig>> {
  /** Opens the cluster; replaceable in tests. */
  readonly open?: (choice: ClusterChoice) => Promise<Cluster>
}

/** Restoring takes a few small requests. An unreachable API server must not delay the exit for long. */
const closeLimitMs = 60_000

/**
 * A DynamoGraphDeployment on Kubernetes: the user's manifest, changed in place by server-side apply. A variant's
 * changes are part of the same apply, so only the components that it names roll out.
 */
export function kubernetesDeployer(config: KubernetesConfig, options: KubernetesOptions): Deployer {
  const folder = resolve(options.runFolder, 'deploy')
  const { model, ask = askingByDefault, configOf = () => config } = options
  let opened: OpenedGraph | null = null
  /** Result of the last reconcile; null before the first one, and after one that failed halfway. */
  let serving: Design | null = null
  const changes = changesUntilClosed()
  const frontend = frontendAccess(config, model, changes.closing)
  const workers = workerForwards(changes.closing)

  async function change(wanted: Deployment, context: DeployContext): Promise<Omit<Reconciled, 'elapsedS'>> {
    const rollout: GraphRollout = {
      context,
      deadline: { limitS: config.ready_timeout, startedAtMs: performance.now() },
      label: topologyLabel(wanted.topology),
      closing: changes.closing,
    }
    opened ??= await openGraph(config, readManifest(config), context.signal, options.open)
    const here = opened
    const { manifest, cast, namespace } = here
    const changed = configOf(wanted)
    requireFit(here, wanted, changed)
    const design = designOf(manifest, cast, wanted, changed)
    const previous = serving
    serving = null
    const graph = await here.cluster.get(graphPath(manifest.graph, namespace), context.signal)
    const replicasOf = (name: string) => (graph === null ? 0 : reportedReplicas(graph, manifest.version, name))
    const isMadeAnew = graph !== null && (await here.held.isToBeMadeAnew(design, graph, context.signal))
    const counts = reportPoolChanges(design, previous, replicasOf, context.onEvent, isMadeAnew)
    if (isMadeAnew) await removeGraph(here, design, rollout)
    const drained = isMadeAnew ? null : drainedFirst(design, replicasOf)
    if (drained !== null) {
      await keepPatch(here, wanted, drained, previous, true)
      await rollOut(here, drained, rollout)
      await podsGone(here, drained, rollout)
    }
    await keepPatch(here, wanted, design, previous, false)
    requireGpus(here, design, wanted.gpusPerWorker, await rollOut(here, design, rollout))
    const reached = await frontend.endpoint(here, design.frontend?.component)
    const endpoint = { ...reached, metricsUrls: { ...reached.metricsUrls, ...(await workers.pages(here, design)) } }
    // One request per worker of the largest pool, so that no worker gets its first request under load.
    const largestPool = design.pools.reduce((most, { replicas }) => Math.max(most, replicas), 1)
    await completionsAnswered(endpoint, largestPool, { ...rollout, ask })
    serving = design
    return { endpoint, ...counts }
  }

  async function keepPatch(
    here: OpenedGraph,
    wanted: Deployment,
    step: Design,
    earlier: Design | null,
    isDrain: boolean,
  ): Promise<void> {
    const { path, content } = patchFile({ ...here, folder }, wanted, step, { earlier, isDrain })
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }

  return {
    reconcile: (wanted, context) => changes.run(wanted, context, change),

    check: async signal => {
      if (opened === null || serving === null) return ['nothing is deployed']
      const { cluster, manifest, namespace } = opened
      const graph = await cluster.get(graphPath(manifest.graph, namespace), signal).catch((error: unknown) => {
        signal.throwIfAborted()
        return error instanceof Error ? error.message : String(error)
      })
      if (graph === null) return [`${manifest.graph.name} was deleted`]
      return typeof graph === 'string'
        ? [graph]
        : unreadiness(graph, manifest.version, wantedReplicas(opened, serving, graph))
    },

    preview: (from, wanted) => previewKubernetes({ config, configOf, ...readManifest(config), folder }, from, wanted),

    logs: () => ({}),
    // The GPUs belong to the cluster; exporters report them.
    gpuPlaces: () => ({ holders: [], hosts: [] }),

    close: async () => {
      await changes.close()
      await Promise.all([frontend.close(), workers.close()])
      const { held } = opened ?? {}
      opened = null
      serving = null
      if (held === undefined || config.on_exit === 'keep') return
      const limit = AbortSignal.timeout(closeLimitMs)
      await (config.on_exit === 'delete' ? held.remove(limit) : held.restore(limit))
    },
  }
}
