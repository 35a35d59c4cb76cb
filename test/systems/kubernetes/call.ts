import type { JsonObject } from '../../../src/model/index.ts'

/** Any call of the API: what a test does as somebody else, apart from the deployer's code. */
export type Call = (method: string, path: string, body?: unknown, type?: string) => Promise<JsonObject>

/** Calls with a kubeconfig's identity, over the client library's own connection. */
export async function callerOf(kubeconfig: string): Promise<Call> {
  const { HttpMethod, IsomorphicFetchHttpLibrary, KubeConfig, RequestContext } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const http = new IsomorphicFetchHttpLibrary()
  return async (method, path, body, type = 'application/json') => {
    const known = Object.values(HttpMethod).find(name => name === method) ?? HttpMethod.GET
    const context = new RequestContext(`${config.getCurrentCluster()?.server}${path}`, known)
    context.setSignal(AbortSignal.timeout(30_000))
    await config.applySecurityAuthentication(context)
    if (body !== undefined) {
      context.setHeaderParam('content-type', type)
      context.setBody(JSON.stringify(body))
    }
    const response = await http.send(context).toPromise()
    const text = await response.body.text()
    if (response.httpStatusCode >= 300) throw new Error(`${method} ${path}: HTTP ${response.httpStatusCode}: ${text}`)
    return text.startsWith('{') ? JSON.parse(text) : { text }
  }
}

/** Applies a whole resource as its owner would. */
export const applyAs = (call: Call, manager: string, path: string, resource: JsonObject): Promise<JsonObject> =>
  call('PATCH', `${path}?fieldManager=${manager}&force=true`, resource, 'application/apply-patch+yaml')
