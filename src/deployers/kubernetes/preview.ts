import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Deployment, type Role, topologyLabel } from '../../model/index.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { DeployPreview, PlannedCommand, PlannedFile } from '../deployer.ts'
import { fieldManager } from './cluster.ts'
import type { KubernetesConfig } from './config.ts'
import { applyBody, type Design, designOf, fieldsBack, replicaFields } from './design.ts'
import { drainedFirst } from './drain.ts'
import { wholeManifest } from './files.ts'
import type { Manifest } from './manifest.ts'
import type { Cast } from './roles.ts'

/** Input of a preview. */
export interface PreviewContext extends Partial<ConfigOf<KubernetesConfig>> {
  readonly config: KubernetesConfig
  readonly manifest: Manifest
  readonly cast: Cast
  /** Folder of the applied patches. */
  readonly folder: string
}

/**
 * The server-side apply of a deployment as a file. It also resets fields that only the previous step changed to the
 * manifest's values.
 */
export function patchFile(
  { manifest, folder }: Pick<PreviewContext, 'manifest' | 'folder'>,
  wanted: Deployment,
  design: Design,
  { earlier = null, isDrain = false }: { readonly earlier?: Design | null; readonly isDrain?: boolean } = {},
): PlannedFile {
  const fields = [...replicaFields(design.pools), ...design.fields, ...fieldsBack(manifest, earlier, design)]
  const body = applyBody(manifest, fields)
  const content = [...design.configMaps, body].map(document => stringify(document)).join('---\n')
  const name = `${topologyLabel(wanted.topology).replaceAll(' ', '-')}-${wanted.id}${isDrain ? '-drain' : ''}.yaml`
  return { path: join(folder, name), content }
}

/** The changes from one deployment to another, as kubectl commands. */
export function previewKubernetes(preview: PreviewContext, from: Deployment | null, wanted: Deployment): DeployPreview {
  const { config, configOf = () => config, manifest, cast } = preview
  const designed = (deployment: Deployment) => designOf(manifest, cast, deployment, configOf(deployment))
  const design = designed(wanted)
  const standing = from === null ? null : designed(from)
  const file = patchFile(preview, wanted, design, { earlier: standing })
  const isMadeAnew = standing?.pools.some(({ role, nodes }) => nodesOf(design, role) !== nodes) ?? false
  const drained = drainedFirst(design, name =>
    isMadeAnew ? 0 : (standing?.pools.find(({ component }) => component.name === name)?.replicas ?? 0),
  )
  const drain = drained === null ? null : patchFile(preview, wanted, drained, { earlier: standing, isDrain: true })
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
  // A component's number of nodes is set when the graph is created and never changes.
  const whole = isMadeAnew || design.pools.some(({ role, nodes }) => nodes !== cast[role]?.nodes)
  const graph = { path: file.path.replace(/\.yaml$/, '-graph.yaml'), content: wholeManifest(manifest, design) }
  const condition = isMadeAnew ? '' : `only if ${name} does not exist: `
  const made = `${condition}the manifest’s content, with these numbers of workers from the start`
  const remove: PlannedCommand = {
    argv: ['kubectl', ...options, 'delete', 'dynamographdeployment', name, '--wait'],
    env: {},
    note: `Dynamo does not allow changing the number of nodes of a component, so Fulcrum creates ${name} again`,
  }
  return {
    files: [...(drain === null ? [] : [drain]), ...(whole ? [graph] : []), file],
    commands: [
      ...(isMadeAnew ? [remove] : []),
      ...(from === null || isMadeAnew ? [apply('fulcrum-manifest', whole ? graph.path : manifest.file, made)] : []),
      ...(drain === null
        ? []
        : [apply(fieldManager, drain.path, 'scales the removed pools to 0, and waits until they are empty')]),
      apply(fieldManager, file.path, changeNote(config, isMadeAnew ? null : standing, design)),
    ],
  }
}

const nodesOf = ({ pools }: Design, role: Role) => pools.find(pool => pool.role === role)?.nodes

/** `+1 prefill, -2 decode`, and the pools (or the frontend) that are replaced as a whole. */
function changeNote({ url }: KubernetesConfig, old: Design | null, wanted: Design): string {
  const { frontend } = wanted
  const front =
    old !== null && frontend !== null && old.frontend?.signature !== frontend.signature
      ? [`replace ${frontend.component.name}`]
      : []
  const pools = wanted.pools.flatMap(({ role, component, replicas, signature }) => {
    const was = old?.pools.find(pool => pool.role === role)
    if (was !== undefined && was.replicas > 0 && replicas > 0 && was.signature !== signature) {
      return [`replace all ${component.name}`]
    }
    const difference = replicas - (was?.replicas ?? 0)
    if (difference === 0) return []
    return [`${difference > 0 ? '+' : '-'}${Math.abs(difference)} ${component.name}`]
  })
  const changes = [...front, ...pools].join(', ') || 'no change'
  const then = url === undefined ? 'a port-forward to the frontend' : url
  return `${changes}; through scaling adapters where there are any; then asks ${then}`
}
