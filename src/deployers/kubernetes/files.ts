import { stringify } from 'yaml'
import type { JsonObject } from '../../model/index.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { readManifest, requireFit } from './check.ts'
import type { KubernetesConfig } from './config.ts'
import { type Design, designOf, replicaFields } from './design.ts'
import { readAt, withFields } from './fields.ts'
import type { Manifest } from './manifest.ts'

/**
 * The complete manifest of a deployment, from the user's manifest: workers, engine settings and their ConfigMaps.
 * Formatting and comments are not kept.
 * @throws FulcrumError bad-input if the manifest can no longer be read, or does not fit
 */
export function kubernetesFiles(config: KubernetesConfig, { deployment }: WantedFiles): DeploymentFiles {
  const read = readManifest(config)
  requireFit(read, deployment, config)
  const { manifest, cast } = read
  const design = designOf(manifest, cast, deployment, config)
  const namespace = config.namespace ?? manifest.graph.namespace
  const where = [
    ...(config.context === undefined ? [] : ['--context', config.context]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
  ].join(' ')
  const kubectl = where === '' ? 'kubectl' : `kubectl ${where}`
  const { name } = manifest.graph
  return {
    files: [{ path: 'deployment.yaml', content: wholeManifest(manifest, design) }],
    steps: [
      {
        command: `${kubectl} apply --server-side --dry-run=server -f deployment.yaml`,
        does: 'Ask the API server whether it accepts everything; nothing is changed.',
      },
      { command: `${kubectl} apply --server-side -f deployment.yaml`, does: 'Deploy it.' },
      {
        command: `${kubectl} wait --for=condition=Ready --timeout=${Math.ceil(config.ready_timeout)}s dynamographdeployment/${name}`,
        does: 'Wait until it is ready.',
      },
    ],
    url: config.url ?? null,
    dialect: 'dynamo-1',
  }
}

/** The manifest as a design wants it, as YAML. */
export function wholeManifest(manifest: Manifest, design: Design): string {
  const graph = withFields(manifest.graph.resource, [...replicaFields(design.pools), ...design.fields])
  const own = new Set(design.configMaps.map(nameOf))
  const documents = [
    ...design.configMaps,
    ...manifest.documents
      .map(({ resource }) => (resource === manifest.graph.resource ? graph : resource))
      .filter(resource => resource.kind !== 'ConfigMap' || !own.has(nameOf(resource))),
  ]
  return documents.map(document => stringify(document)).join('---\n')
}

const nameOf = (resource: JsonObject) => readAt(resource, ['metadata', 'name'])
