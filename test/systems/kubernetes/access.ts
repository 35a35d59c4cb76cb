import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../src/model/index.ts'
import { applyAs } from './call.ts'
import type { ControlPlane } from './control-plane.ts'

const page = join(import.meta.dirname, '../../../docs/how-to/kubernetes.md')
const paths: { readonly [kind: string]: string } = {
  ServiceAccount: '/api/v1/namespaces/llm/serviceaccounts',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/llm/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/llm/rolebindings',
}

/** The manifest of the page that says what Fulcrum has to be allowed. */
export async function accessManifest(): Promise<readonly JsonObject[]> {
  const text = await readFile(page, 'utf8')
  const block = /```yml\n(apiVersion: v1\nkind: ServiceAccount[\s\S]*?)```/.exec(text)?.[1] ?? ''
  return parseAllDocuments(block).map(document => document.toJS())
}

/** Applies that manifest; resolves with a kubeconfig of its service account, by a token that the API server made. */
export async function kubeconfigOfFulcrum({ call, kubeconfigOf }: ControlPlane): Promise<string> {
  for (const resource of await accessManifest()) {
    await applyAs(call, 'owner', `${paths[String(resource.kind)]}/${readAt(resource, ['metadata', 'name'])}`, resource)
  }
  const { status } = await call('POST', `${paths.ServiceAccount}/fulcrum/token`, { spec: { expirationSeconds: 3600 } })
  return kubeconfigOf('fulcrum', String(readAt(status, ['token'])))
}

const user = 'system:serviceaccount:llm:fulcrum'

/**
 * What that service account has asked for so far, as `verb resource`, each once; refused requests are not among them.
 */
export async function askedByFulcrum({ auditLog }: ControlPlane): Promise<readonly string[]> {
  const events = (await readFile(auditLog, 'utf8')).split('\n').filter(Boolean)
  const asked = events.flatMap(line => {
    const event = JSON.parse(line) as JsonObject
    const { objectRef } = event
    if (readAt(event, ['user', 'username']) !== user || !isJsonObject(objectRef)) return []
    if (readAt(event, ['responseStatus', 'code']) === 403) return []
    const { resource, subresource } = objectRef
    return [`${event.verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`]
  })
  return [...new Set(asked)].sort()
}

/** What the manifest's role allows, the same way. */
export async function allowedToFulcrum(): Promise<readonly string[]> {
  const role = (await accessManifest()).find(({ kind }) => kind === 'Role')
  const texts = (value: Json | undefined) => (Array.isArray(value) ? value : []).map(String)
  const rules = (Array.isArray(role?.rules) ? role.rules : []).filter(isJsonObject)
  return rules
    .flatMap(({ resources, verbs }) => texts(resources).flatMap(name => texts(verbs).map(verb => `${verb} ${name}`)))
    .sort()
}
