import { setTimeout as sleep } from 'node:timers/promises'
import { FulcrumError, type Json } from '../../point/index.ts'
import { type Adapter, adaptersOf, scaleThrough } from './adapters.ts'
import { type Cluster, fieldManager } from './cluster.ts'
import { applyBody, type Design, replicaFields } from './design.ts'
import { ownLabels } from './engine.ts'
import { type Field, isObject, type JsonObject, patchTo, readAt, withFields } from './fields.ts'
import type { Manifest } from './manifest.ts'
import { collectionPath, graphPath, knownPlural, servedResource, versionPath } from './paths.ts'
import {
  type Before,
  conflictsOf,
  fieldsToHold,
  madeByFulcrum,
  noteOf,
  nothingBefore,
  readNote,
  remember,
  restoreAnnotation,
} from './standing.ts'

/** The manager of what Fulcrum made whole from the manifest; what it then changes, it changes as itself. */
const manifestManager = 'fulcrum-manifest'

/** A graph that Fulcrum changes, and what it has to give back or take away at the end. */
export interface HeldGraph {
  /** Applies a design; resolves with the graph as it was before and the components scaled by adapters. */
  apply(design: Design, signal: AbortSignal): Promise<JsonObject | null>
  /** Gives back what was changed and takes away what was made. */
  restore(signal: AbortSignal): Promise<void>
  /** Deletes the graph and what was made for it. */
  remove(signal: AbortSignal): Promise<void>
}

/**
 * Takes a graph into hand: makes it from the manifest when it is not there, else makes sure that it is what the manifest says.
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
  /** Paths of resources that this run or a killed one before made, in the order in which they were made. */
  const made: string[] = []
  let before: Before = nothingBefore
  const live = await cluster.get(path, signal)
  if (live === null) await requireKind()
  let isOurs = live === null || madeByFulcrum(live)
  if (live !== null && !isOurs) before = readNote(live) ?? nothingBefore

  return {
    async apply(design, applySignal) {
      const was = await cluster.get(path, applySignal)
      const adapters = was === null ? [] : await adaptersOf(cluster, graph, namespace, applySignal)
      const scaled = design.pools.filter(({ component }) => adapterOf(adapters, component.name) !== undefined)
      const direct = design.pools.filter(pool => !scaled.includes(pool))
      const wanted = [...replicaFields(direct), ...design.fields]
      if (was !== null && !isOurs) await requireSame([...wanted, ...replicaFields(scaled)], applySignal)
      for (const configMap of design.configMaps) await make(configMap, 'configmaps', applySignal)
      if (was === null) await makeFromManifest(wanted, applySignal)
      before = remember(before, wanted, isOurs ? graph.resource : (was ?? graph.resource))
      for (const { component, replicas } of adapters) {
        if (before.adapters[component] === undefined) {
          before = { ...before, adapters: { ...before.adapters, [component]: replicas } }
        }
      }
      const held = [...fieldsToHold(before, wanted), ...note()]
      await cluster.apply(path, applyBody(manifest, held), { manager: fieldManager, force: true }, applySignal)
      for (const { component, replicas } of scaled) {
        const adapter = adapterOf(adapters, component.name)
        if (adapter !== undefined) await scaleThrough(cluster, adapter, replicas, applySignal)
      }
      return was
    },

    async restore(restoreSignal) {
      if (isOurs) await removeMade(restoreSignal)
      else {
        await giveBack(restoreSignal)
        await removeMade(restoreSignal)
      }
    },

    async remove(removeSignal) {
      await cluster.delete(path, removeSignal)
      await removeMade(removeSignal)
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

  /** Asks the server, without changing anything, whether the running graph is what the manifest says. */
  async function requireSame(changed: readonly Field[], askSignal: AbortSignal): Promise<void> {
    // Without what the sweep changes anyway: an admission webhook may refuse changes of an adapter's replicas.
    const rest = withFields(
      withoutNamespace(graph.resource),
      changed.map(field => ({ ...field, value: undefined })),
    )
    try {
      await cluster.apply(path, rest, { manager: manifestManager, force: false, dryRun: true }, askSignal)
    } catch (error) {
      if (!(error instanceof FulcrumError) || error.code !== 'kubernetes-conflict') throw error
      const [first, ...more] = conflictsOf(error.cause, changed)
      if (first === undefined) return
      const { line, column } = graph.placeOf(['spec'])
      const others = more.length === 0 ? '' : ` and ${more.length} more`
      throw new FulcrumError(
        'bad-input',
        'manifest-differs',
        `${file}:${line}:${column}: ${graph.name} runs in ${namespace} with another ${first.field}${others} (set by ${first.manager})`,
        { remedy: `Apply the manifest with kubectl, or delete ${graph.name} so that Fulcrum makes it.`, cause: error },
      )
    }
  }

  /** Every resource of the manifest that is not there, the graph last and already with the numbers of workers. */
  async function makeFromManifest(wanted: readonly Field[], makeSignal: AbortSignal): Promise<void> {
    isOurs = true
    for (const document of documents) {
      if (document === graph) continue
      const plural = await pluralOf(document.apiVersion, document.kind, makeSignal)
      const there = collectionPath(document.apiVersion, plural, document.namespace ?? namespace)
      if ((await cluster.get(`${there}/${document.name}`, makeSignal)) !== null) continue
      await make(document.resource, plural, makeSignal)
    }
    await make(withFields(graph.resource, wanted), 'dynamographdeployments', makeSignal)
  }

  async function make(resource: JsonObject, plural: string, makeSignal: AbortSignal): Promise<void> {
    const labels = readAt(resource, ['metadata', 'labels'])
    const marked = withFields(withoutNamespace(resource), [
      { path: ['metadata', 'labels'], value: { ...(isObject(labels) ? labels : {}), ...ownLabels } },
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
      remedy: 'Apply it with kubectl yourself and take it out of the manifest.',
    })
  }

  /** The old values first; then our name goes from the managed fields, so that no later apply conflicts with a run that is over. */
  async function giveBack(backSignal: AbortSignal): Promise<void> {
    const adapters = await adaptersOf(cluster, graph, namespace, backSignal)
    for (const adapter of adapters) {
      const replicas = before.adapters[adapter.component]
      if (replicas !== undefined) await scaleThrough(cluster, adapter, replicas, backSignal)
    }
    const noNote: Field = { path: ['metadata', 'annotations', restoreAnnotation], value: undefined }
    await patchLatest(graphNow => patchTo(graphNow, [...before.fields, noNote]), backSignal)
    await patchLatest(graphNow => {
      const managers = readAt(graphNow, ['metadata', 'managedFields'])
      if (!Array.isArray(managers)) return []
      const others = managers.filter((entry: Json) => readAt(entry, ['manager']) !== fieldManager)
      if (others.length === managers.length || others.length === 0) return []
      return [{ op: 'replace', path: '/metadata/managedFields', value: others }]
    }, backSignal)
    before = nothingBefore
  }

  /** Patches what is there now, again when somebody else was quicker. */
  async function patchLatest(
    operations: (graphNow: JsonObject) => ReturnType<typeof patchTo>,
    patchSignal: AbortSignal,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const now = await cluster.get(path, patchSignal)
      if (now === null) return
      const wanted = operations(now)
      if (wanted.length === 0) return
      const version = String(readAt(now, ['metadata', 'resourceVersion']))
      const unchanged = { op: 'replace', path: '/metadata/resourceVersion', value: version } as const
      try {
        await cluster.patch(path, [...wanted, unchanged], patchSignal)
        return
      } catch (error) {
        if (!(error instanceof FulcrumError) || error.code !== 'kubernetes-conflict' || attempt === 10) throw error
        await sleep(50 * attempt, undefined, { signal: patchSignal })
      }
    }
  }

  async function removeMade(removeSignal: AbortSignal): Promise<void> {
    // A graph that a killed run made is ours too.
    if (isOurs) await cluster.delete(path, removeSignal)
    for (const where of made.splice(0).reverse()) await cluster.delete(where, removeSignal)
  }
}

function adapterOf(adapters: readonly Adapter[], component: string): Adapter | undefined {
  return adapters.find(adapter => adapter.component === component)
}

/** The path says the namespace; a manifest may say the one that it is applied to by default. */
function withoutNamespace(resource: JsonObject): JsonObject {
  return withFields(resource, [{ path: ['metadata', 'namespace'], value: undefined }])
}
