import type { Json, JsonObject } from '../../model/index.ts'
import { argumentOf, type Component } from './component.ts'
import { readAt } from './fields.ts'
import type { Manifest, ManifestDocument } from './manifest.ts'

/** The engine configuration of a component: a key of a ConfigMap of the manifest that is mounted in its workers. */
export interface EngineConfig {
  readonly volume: JsonObject
  readonly document: ManifestDocument
  readonly key: string
  /** YAML. */
  readonly text: string
}

/** Why there is no configuration to write settings to, and the remedy. */
export interface NoEngineConfig {
  readonly problem: string
  readonly right: string
}

/** Follows `--extra-engine-args` through the mounts and volumes of a component to the text that the engine reads. */
export function engineConfigOf(manifest: Manifest, component: Component): EngineConfig | NoEngineConfig {
  const { name, mounts, volumes } = component
  const file = argumentOf(component, 'extra-engine-args')
  if (file === undefined) {
    return {
      problem: `${name} has no --extra-engine-args to put settings into`,
      right: 'add the argument, with a file from a ConfigMap',
    }
  }
  const mount = mounts.find(({ mountPath }) => typeof mountPath === 'string' && file.startsWith(folder(mountPath)))
  const volume = volumes.find(other => other.name === mount?.name)
  const mapName = readAt(volume, ['configMap', 'name'])
  const document = manifest.documents.find(other => other.kind === 'ConfigMap' && other.name === mapName)
  if (mount === undefined || volume === undefined || document === undefined) {
    const lost = mount === undefined ? 'no volume is mounted there' : 'no ConfigMap of this manifest is mounted there'
    return {
      problem: `${name} reads its engine settings from ${file}, and ${lost}`,
      right: 'add the ConfigMap to it',
    }
  }
  const key = keyOf(volume, file.slice(folder(String(mount.mountPath)).length))
  const text = readAt(document.resource, ['data', key])
  if (typeof text === 'string') return { volume, document, key, text }
  return {
    problem: `the ConfigMap ${document.name} has no ${key}, which ${name} reads`,
    right: `add ${key} to its data`,
  }
}

const folder = (path: string) => `${path.replace(/\/$/, '')}/`

/** The key of a ConfigMap that a volume mounts under a file name. */
function keyOf(volume: JsonObject, file: string): string {
  const items = readAt(volume, ['configMap', 'items'])
  const item = (Array.isArray(items) ? items : []).find((entry: Json) => readAt(entry, ['path']) === file)
  const key = readAt(item, ['key'])
  return typeof key === 'string' ? key : file
}
