import { FulcrumError, isJsonObject, type JsonObject } from '../../model/index.ts'
import { type Adapter, adaptersOf, scaleThrough } from './adapters.ts'
import { type Cluster, fieldManager } from './cluster.ts'
import { nodesInGraph } from './component.ts'
import { applyBody, type Design, replicaFields } from './design.ts'
import { ownLabels } from './engine.ts'
import { type Field, readAt, withFields } from './fields.ts'
import { giveBack } from './give-back.ts'
import type { Manifest } from './manifest.ts'
import { collectionPath, graphPath, knownPlural, servedResource, versionPath } from './paths.ts'
import { requireSame } from './same-as-manifest.ts'
import {
  type Before,
  fieldsToHold,
  madeByFulcrum,
  manifestManager,
  noteOf,
  nothingBefore,
  readNote,
  remember,
  restoreAnnotation,
  withoutNamespace,
} from './standing.ts'

/** A graph that Fulcrum changes, and what it has to restore or delete at the end. */
export interface HeldGraph {
  /**
   * Whether the graph in the cluster has to be deleted and created again for a design, because Dynamo does not allow
   * the number of nodes of a component to change.
   * @throws FulcrumError bad-input `nodes-fixed` if Fulcrum did not create the graph, so that it must not delete it
   */
  isToBeMadeAnew(design: Design, live: JsonObject, signal: AbortSignal): Promise<boolean>
  /** Applies a design. Resolves with the previous graph and the components that adapters scale. */
  apply(design: Design, signal: AbortSignal): Promise<JsonObject | null>
  /** Restores changes and deletes created resources. */
  restore(signal: AbortSignal): Promise<void>
  /** Deletes the graph and the resources created for it. */
  remove(signal: AbortSignal): Promise<void>
}

/**
 * Takes over a graph: creates it from the manifest if it does not exist, otherwise checks that it matches the manifest.
 * @throws FulcrumError bad-input `no-dynamo-crd` or `manifest-differs`, before anything was changed
 */
export async function holdGraph(
  cluster: Cluster,
  manifest: Manifest,
  namespace: string,
  signal: AbortSignal,
): Promise<HeldGraph> {
  const { graph, documents, file } = manifest
  const path = graphPath(graph, namespace)
  /** Paths of resources that this run or an earlier, killed one created, in order of creation. */
  const made: string[] = []
  let before: Before = nothingBefore
  const live = await cluster.get(path, signal)
  if (live === null) await requireKind()
  let isOurs = live === null || madeByFulcrum(live)
  /** Whether a killed run created it, perhaps from another manifest. */
  let isOld = live !== null && isOurs
  if (live !== null && !isOurs) before = readNote(live) ?? nothingBefore

  return {
    async isToBeMadeAnew({ pools, fields }, live, askSignal) {
      const other = pools.find(({ component, nodes }) => (nodesInGraph(live, component) ?? nodes) !== nodes)
      if (other === undefined || isOurs) return other !== undefined
      await requireManifest([...replicaFields(pools), ...fields, ...before.fields], askSignal)
      const { component, nodes } = other
      const { line, column } = graph.placeOf(component.multinodePath)
      throw new FulcrumError(
        'bad-input',
        'nodes-fixed',
        `${file}:${line}:${column}: a worker of ${component.name} has ${podsText(nodesInGraph(live, component))} in the cluster, and this deployment needs ${nodes}, which Dynamo does not let anyone change`,
        { remedy: `Delete ${graph.kind} ${graph.name}, so that Fulcrum can create it again for each number of nodes.` },
      )
    },

    async apply(design, applySignal) {
      const was = await cluster.get(path, applySignal)
      const adapters = was === null ? [] : await adaptersOf(cluster, graph, namespace, applySignal)
      const scaled = design.pools.filter(({ component }) => adapterOf(adapters, component.name) !== undefined)
      const direct = design.pools.filter(pool => !scaled.includes(pool))
      const wanted = [...replicaFields(direct), ...design.fields]
      if (was !== null && !isOurs) {
        await requireManifest([...wanted, ...replicaFields(scaled), ...before.fields], applySignal)
      }
      for (const configMap of design.configMaps) await make(configMap, 'configmaps', applySignal)
      const isNew = was === null || isOld
      // If a component has an adapter, only the adapter may change its number of workers.
      const notOurs =
        was === null ? [] : scaled.map(({ component }) => ({ path: component.replicasPath, value: undefined }))
      if (isNew) await makeFromManifest([...wanted, ...notOurs], applySignal)
      isOld = false
      before = remember(before, wanted, isOurs ? graph.resource : (was ?? graph.resource))
      for (const { component, replicas } of adapters) {
        if (before.adapters[component] === undefined) {
          before = { ...before, adapters: { ...before.adapters, [component]: replicas } }
        }
      }
      const others = scaled.map(({ component }) => component.replicasPath)
      const held = [...fieldsToHold(before, wanted, others, was ?? {}), ...note()]
      await cluster.apply(path, applyBody(manifest, held), { manager: fieldManager, force: true }, applySignal)
      if (isNew) await leaveToUs([...wanted, ...notOurs], applySignal)
      for (const { component, replicas } of scaled) {
        const adapter = adapterOf(adapters, component.name)
        if (adapter !== undefined) await scaleThrough(cluster, adapter, replicas, applySignal)
      }
      return was
    },

    async restore(restoreSignal) {
      if (isOurs) await removeMade(restoreSignal)
      else {
        await giveBack(cluster, graph, namespace, before, restoreSignal)
        before = nothingBefore
        await removeMade(restoreSignal)
      }
    },

    async remove(removeSignal) {
      await cluster.delete(path, removeSignal)
      await removeMade(removeSignal)
      before = nothingBefore
    },
  }

  function note(): readonly Field[] {
    return isOurs ? [] : [{ path: ['metadata', 'annotations', restoreAnnotation], value: noteOf(before) }]
  }

  async function requireKind(): Promise<void> {
    const served = await cluster.get(versionPath(graph.apiVersion), signal)
    if (servedResource(served, graph.kind) !== null) return
    const { line, column } = graph.placeOf(['apiVersion'])
    throw new FulcrumError(
      'bad-input',
      'no-dynamo-crd',
      `${file}:${line}:${column}: the cluster ${cluster.server} does not know ${graph.kind} ${graph.apiVersion}`,
      { remedy: 'Install the Dynamo platform there, or choose another cluster with deploy.context.' },
    )
  }

  /**
   * The running graph and its configuration must match the manifest. Otherwise, the sweep would measure something else.
   */
  async function requireManifest(changed: readonly Field[], askSignal: AbortSignal): Promise<void> {
    await requireSame(cluster, { file, document: graph, path, changed }, askSignal)
    for (const document of documents) {
      if (document.kind !== 'ConfigMap') continue
      const there = `${collectionPath(document.apiVersion, 'configmaps', document.namespace ?? namespace)}/${document.name}`
      await requireSame(cluster, { file, document, path: there, changed: [] }, askSignal)
    }
  }

  /** Creates every missing resource of the manifest, the graph last and with the wanted worker counts. */
  async function makeFromManifest(wanted: readonly Field[], makeSignal: AbortSignal): Promise<void> {
    isOurs = true
    for (const document of documents) {
      if (document === graph) continue
      const plural = await pluralOf(document.apiVersion, document.kind, makeSignal)
      const there = `${collectionPath(document.apiVersion, plural, document.namespace ?? namespace)}/${document.name}`
      const found = await cluster.get(there, makeSignal)
      if (found === null || madeByFulcrum(found)) await make(document.resource, plural, makeSignal)
      else await requireSame(cluster, { file, document, path: there, changed: [] }, makeSignal)
    }
    await make(withFields(graph.resource, wanted), 'dynamographdeployments', makeSignal)
  }

  /**
   * A field that is not in the manifest would remain after the sweep removes it, as long as the manifest's manager also
   * owns it. This changes no value of the graph.
   */
  async function leaveToUs(changed: readonly Field[], applySignal: AbortSignal): Promise<void> {
    const rest = changed.map(field => ({ ...field, value: undefined }))
    if (rest.every(({ path: at }) => readAt(graph.resource, at) !== undefined)) return
    await make(withFields(graph.resource, rest), 'dynamographdeployments', applySignal)
  }

  async function make(resource: JsonObject, plural: string, makeSignal: AbortSignal): Promise<void> {
    const labels = readAt(resource, ['metadata', 'labels'])
    const marked = withFields(withoutNamespace(resource), [
      { path: ['metadata', 'labels'], value: { ...(isJsonObject(labels) ? labels : {}), ...ownLabels } },
    ])
    const at = String(readAt(resource, ['metadata', 'namespace']) ?? namespace)
    const name = String(readAt(resource, ['metadata', 'name']))
    const where = `${collectionPath(String(resource.apiVersion), plural, at)}/${name}`
    if (!made.includes(where)) made.push(where)
    await cluster.apply(where, marked, { manager: manifestManager, force: true }, makeSignal)
  }

  async function pluralOf(apiVersion: string, kind: string, askSignal: AbortSignal): Promise<string> {
    const known = knownPlural(apiVersion, kind)
    if (known !== undefined) return known
    const served = servedResource(await cluster.get(versionPath(apiVersion), askSignal), kind)
    if (served?.namespaced === true) return served.plural
    const document = documents.find(other => other.apiVersion === apiVersion && other.kind === kind)
    const { line, column } = document?.placeOf([]) ?? { line: 1, column: 1 }
    const why = served === null ? 'the cluster does not know this kind' : 'it belongs to no namespace'
    throw new FulcrumError('bad-input', 'unknown-kind', `${file}:${line}:${column}: ${kind} ${apiVersion}: ${why}`, {
      remedy: 'Apply it with kubectl, and remove it from the manifest.',
    })
  }

  async function removeMade(removeSignal: AbortSignal): Promise<void> {
    // A graph that a killed run created counts as created by Fulcrum.
    if (isOurs) await cluster.delete(path, removeSignal)
    for (const where of made.splice(0).reverse()) await cluster.delete(where, removeSignal)
  }
}

const podsText = (pods: number | null) => `${pods} pod${pods === 1 ? '' : 's'}`

function adapterOf(adapters: readonly Adapter[], component: string): Adapter | undefined {
  return adapters.find(adapter => adapter.component === component)
}
