import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { type JsonObject, readAt } from '../../../src/deploy/kubernetes/fields.ts'
import { applyAs } from './call.ts'
import type { ControlPlane } from './control-plane.ts'

const page = join(import.meta.dirname, '../../../docs/kubernetes.md')
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
