import { isJsonObject, type JsonObject } from '../../model/index.ts'
import type { ManifestDocument } from './manifest.ts'

/** Plurals of well-known kinds. */
const plurals: { readonly [kind: string]: string } = {
  'v1/ConfigMap': 'configmaps',
  'nvidia.com/DynamoGraphDeployment': 'dynamographdeployments',
}

/** Path at which the API lists the kinds of an apiVersion. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** Path of a collection in a namespace. */
export function collectionPath(apiVersion: string, plural: string, namespace: string): string {
  return `${versionPath(apiVersion)}/namespaces/${namespace}/${plural}`
}

/** Path of a well-known kind. */
export function knownPlural(apiVersion: string, kind: string): string | undefined {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : apiVersion
  return plurals[`${group}/${kind}`]
}

/** Path of a graph. */
export function graphPath({ apiVersion, name }: ManifestDocument, namespace: string): string {
  return `${collectionPath(apiVersion, 'dynamographdeployments', namespace)}/${name}`
}

/**
 * Paths at which scaling adapters may be: in the graph's API version, or in the older one, which is the only one that
 * some operators serve.
 */
export function adaptersPaths({ apiVersion }: ManifestDocument, namespace: string): readonly string[] {
  const versions = [...new Set([apiVersion, 'nvidia.com/v1alpha1'])]
  return versions.map(version => collectionPath(version, 'dynamographdeploymentscalingadapters', namespace))
}

/** The requested kind of an APIResourceList; null if the server does not serve it. */
export function servedResource(
  list: JsonObject | null,
  kind: string,
): { readonly plural: string; readonly namespaced: boolean } | null {
  const resources = Array.isArray(list?.resources) ? list.resources : []
  const found = resources.filter(isJsonObject).find(entry => entry.kind === kind && !String(entry.name).includes('/'))
  return found === undefined ? null : { plural: String(found.name), namespaced: found.namespaced === true }
}
