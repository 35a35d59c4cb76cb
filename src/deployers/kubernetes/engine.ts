import { parseDocument } from 'yaml'
import { commandLine, mergeArguments } from '../../engines/arguments.ts'
import { settingsAsArguments } from '../../engines/engine-settings.ts'
import { engineOfModule } from '../../engines/index.ts'
import { contentId, type EngineSettings, isJsonObject, type Json, type JsonObject } from '../../model/index.ts'
import type { Component } from './component.ts'
import { withArguments } from './component-arguments.ts'
import { engineConfigOf } from './engine-config.ts'
import { type Field, readAt } from './fields.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'

/** Changes to a component for engine settings. */
export interface EngineChange {
  readonly fields: readonly Field[]
  /** ConfigMaps that Fulcrum adds. The user's own stay unchanged. */
  readonly configMaps: readonly JsonObject[]
  readonly problems: readonly ManifestProblem[]
}

/** Labels resources that Fulcrum created. */
export const ownLabels: JsonObject = { 'app.kubernetes.io/managed-by': 'fulcrum' }

/** The Dynamo module that a component's workers run; null if its command does not name one. */
export function backendOf(component: Component, { graph }: Manifest): string | null {
  const said = /\bdynamo\.(\w+)/.exec(component.commandText)?.[0]
  if (said !== undefined) return said
  const framework = readAt(graph.resource, ['spec', 'backendFramework'])
  return typeof framework === 'string' ? `dynamo.${framework}` : null
}

/**
 * Applies engine settings to a component in the way that its backend supports. Either a new ConfigMap, made from the
 * user's, is mounted instead (the changed name makes the operator roll out the pods), or arguments are added.
 */
export function engineChange(manifest: Manifest, component: Component, settings: EngineSettings): EngineChange {
  if (Object.keys(settings).length === 0) return { fields: [], configMaps: [], problems: [] }
  const backend = backendOf(component, manifest)
  const refuse = (problem: string, right: string): EngineChange => ({
    fields: [],
    configMaps: [],
    problems: [{ at: manifest.graph.placeOf(component.path), problem, right }],
  })
  if (backend === null) {
    return refuse(
      `${component.name} does not say which backend it runs, so Fulcrum cannot change its engine settings`,
      'write its command as python3 -m dynamo.…, or set backendFramework',
    )
  }
  const form = engineOfModule(backend).settings
  return form.kind === 'file'
    ? asConfigMap(manifest, component, form.nest(settings), refuse)
    : asArguments(component, backend, settings, refuse)
}

/** Settings of ranks that the operator follows only if the manifest has annotations for them. */
export function rankProblems(
  manifest: Manifest,
  component: Component,
  settings: EngineSettings,
): readonly ManifestProblem[] {
  const { graph } = manifest
  const backend = backendOf(component, manifest)
  const wanted = backend === null ? undefined : engineOfModule(backend).launch.multinode?.annotations
  const places = [['metadata'], component.path].map(path => [...path, 'annotations'])
  return Object.entries(wanted?.(mergeArguments(settings)) ?? {}).flatMap(([name, value]) => {
    if (places.some(path => readAt(graph.resource, [...path, name]) === value)) return []
    const problem = `Dynamo’s operator starts the ranks of ${component.name} as it chooses, whatever the engine settings say`
    return [
      {
        at: graph.placeOf(component.path),
        problem,
        right: `add the annotation ${name}: ${value} to the graph’s metadata`,
      },
    ]
  })
}

type Refuse = (problem: string, right: string) => EngineChange

function asConfigMap(manifest: Manifest, component: Component, settings: EngineSettings, refuse: Refuse): EngineChange {
  const found = engineConfigOf(manifest, component)
  if ('problem' in found) return refuse(found.problem, found.right)
  const { volume, document, key, text: written } = found
  const text = withSettings(written, settings)
  const data = { ...(document.resource.data as JsonObject), [key]: text }
  const name = `${document.name}-fulcrum-${contentId(data).slice(0, 8)}`
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: ownLabels }, data }
  const source = isJsonObject(volume.configMap) ? volume.configMap : {}
  const renamed = { ...volume, configMap: { ...source, name } }
  const volumes = component.volumes.map(other => (other === volume ? renamed : other))
  return { fields: [{ path: component.volumesPath, value: volumes }], configMaps: [configMap], problems: [] }
}

/** Sets values in YAML and keeps comments and order. Maps are merged, everything else is replaced. */
function withSettings(text: string, settings: EngineSettings): string {
  const document = parseDocument(text)
  const set = (path: readonly string[], value: Json): void => {
    if (
      isJsonObject(value) &&
      isJsonObject((document.toJS() as unknown) ?? {}) &&
      isJsonObject(readAt(document.toJS(), path))
    ) {
      for (const [key, inner] of Object.entries(value)) set([...path, key], inner)
    } else document.setIn(path, document.createNode(value))
  }
  for (const [key, value] of Object.entries(settings)) set([key], value)
  return document.toString()
}

function asArguments(component: Component, backend: string, settings: EngineSettings, refuse: Refuse): EngineChange {
  const added = withArguments(component, commandLine(settingsAsArguments(backend, settings)))
  return 'problem' in added
    ? refuse(added.problem, added.right)
    : { fields: added.fields, configMaps: [], problems: [] }
}
