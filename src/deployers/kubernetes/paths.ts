import type { JsonObject } from './fields.ts'
import { isObject } from './fields.ts'
import type { ManifestDocument } from './manifest.ts'

/** Plural names of kinds that need no asking. */
const plurals: { readonly [kind: string]: string } = {
  'v1/ConfigMap': 'configmaps',
  'nvidia.com/DynamoGraphDeployment': 'dynamographdeployments',
}

/** The API's root for an apiVersion, where it lists its kinds. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** A collection of resources of a namespace. */
export function collectionPath(apiVersion: string, plural: string, namespace: string): string {
  return `${versionPath(apiVersion)}/namespaces/${namespace}/${plural}`
}

/** The path of a kind's plural that is known without asking. */
export function knownPlural(apiVersion: string, kind: string): string | undefined {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : apiVersion
  return plurals[`${group}/${kind}`]
}

/** Where a graph stands. */
export function graphPath({ apiVersion, name }: ManifestDocument, namespace: string): string {
  return `${collectionPath(apiVersion, 'dynamographdeployments', namespace)}/${name}`
}

/**
 * Where scaling adapters may be: beside the graph, in its API version, or in the older one, which some operators serve
 * alone.
 */
export function adaptersPaths({ apiVersion }: ManifestDocument, namespace: string): readonly string[] {
  const versions = [...new Set([apiVersion, 'nvidia.com/v1alpha1'])]
  return versions.map(version => collectionPath(version, 'dynamographdeploymentscalingadapters', namespace))
}

/** The kind of an APIResourceList that is asked for; null when the server does not serve it. */
export function servedResource(
  list: JsonObject | null,
  kind: string,
): { readonly plural: string; readonly namespaced: boolean } | null {
  const resources = Array.isArray(list?.resources) ? list.resources : []
  const found = resources.filter(isObject).find(entry => entry.kind === kind && !String(entry.name).includes('/'))
  return found === undefined ? null : { plural: String(found.name), namespaced: found.namespaced === true }
}
