import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Deployment, topologyLabel } from '../../model/index.ts'
import type { DeployPreview, PlannedCommand, PlannedFile } from '../deployer.ts'
import { fieldManager } from './cluster.ts'
import type { KubernetesConfig } from './config.ts'
import { applyBody, type Design, designOf, replicaFields } from './design.ts'
import { drainedFirst } from './drain.ts'
import type { Manifest } from './manifest.ts'
import type { Cast } from './roles.ts'

/** What a preview needs to know. */
export interface PreviewParts {
  readonly config: KubernetesConfig
  readonly manifest: Manifest
  readonly cast: Cast
  /** Where applied patches are kept. */
  readonly folder: string
}

/** The server-side apply of a deployment, as a file: the very body that is sent. */
export function patchFile(
  { manifest, folder }: Pick<PreviewParts, 'manifest' | 'folder'>,
  wanted: Deployment,
  design: Design,
  isDrain = false,
): PlannedFile {
  const body = applyBody(manifest, [...replicaFields(design.pools), ...design.fields])
  const content = [...design.configMaps, body].map(document => stringify(document)).join('---\n')
  const name = `${topologyLabel(wanted.topology).replaceAll(' ', '-')}-${wanted.id}${isDrain ? '-drain' : ''}.yaml`
  return { path: join(folder, name), content }
}

/** Exactly what getting from one deployment to another applies, as kubectl would be told to. */
export function previewKubernetes(parts: PreviewParts, from: Deployment | null, wanted: Deployment): DeployPreview {
  const { config, manifest, cast } = parts
  const design = designOf(manifest, cast, wanted)
  const file = patchFile(parts, wanted, design)
  const standing = from === null ? null : designOf(manifest, cast, from)
  const drained = drainedFirst(
    design,
    name => standing?.pools.find(({ component }) => component.name === name)?.replicas ?? 0,
  )
  const drain = drained === null ? null : patchFile(parts, wanted, drained, true)
  const options = [
    ...(config.kubeconfig === undefined ? [] : [`--kubeconfig=${config.kubeconfig}`]),
    ...(config.context === undefined ? [] : [`--context=${config.context}`]),
    ...(config.namespace === undefined ? [] : [`--namespace=${config.namespace}`]),
  ]
  const apply = (manager: string, path: string, note: string): PlannedCommand => ({
    argv: [
      'kubectl',
      ...options,
      'apply',
      '--server-side',
      '--force-conflicts',
      `--field-manager=${manager}`,
      '-f',
      path,
    ],
    env: {},
    note,
  })
  const { name } = manifest.graph
  const made = `only when ${name} is not there: what the manifest has, with these numbers of workers from the start`
  return {
    files: [...(drain === null ? [] : [drain]), file],
    commands: [
      ...(from === null ? [apply('fulcrum-manifest', manifest.file, made)] : []),
      ...(drain === null
        ? []
        : [apply(fieldManager, drain.path, 'empties the pools that go, and waits until they are')]),
      apply(fieldManager, file.path, changeNote(parts, from, wanted)),
    ],
  }
}

/** `+1 prefill, -2 decode`, and pools whose every worker is replaced. */
function changeNote({ manifest, cast, config }: PreviewParts, from: Deployment | null, wanted: Deployment): string {
  const old = from === null ? null : designOf(manifest, cast, from)
  const changes = designOf(manifest, cast, wanted).pools.flatMap(({ role, component, replicas, signature }) => {
    const was = old?.pools.find(pool => pool.role === role)
    if (was !== undefined && was.replicas > 0 && replicas > 0 && was.signature !== signature) {
      return [`replace all ${component.name}`]
    }
    const difference = replicas - (was?.replicas ?? 0)
    if (difference === 0) return []
    return [`${difference > 0 ? '+' : '-'}${Math.abs(difference)} ${component.name}`]
  })
  const then = config.url === undefined ? 'a port-forward to the frontend' : config.url
  return `${changes.join(', ') || 'no change'}; through scaling adapters where there are any; then asks ${then}`
}
