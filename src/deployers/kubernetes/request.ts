import type { KubeConfig } from '@kubernetes/client-node'
import { FulcrumError, isJsonObject, type JsonObject, parsedJson } from '../../model/index.ts'

/** One request to the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: string
  readonly type?: string
  /** Whether 404 is a valid response. */
  readonly absentIsNull?: boolean
  readonly signal: AbortSignal
}

/** Longer than any response time of a healthy API server. */
const limitMs = 30_000

/**
 * Returns a function that sends requests with a kubeconfig's identity: certificates, tokens, exec plugins, proxies. The
 * function throws FulcrumError if the server refuses a request or does not answer.
 */
export async function requestTo(
  config: KubeConfig,
): Promise<{ request(asked: ApiRequest): Promise<JsonObject | null> }> {
  const { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } = await import('@kubernetes/client-node')
  const http = new IsomorphicFetchHttpLibrary()
  const server = config.getCurrentCluster()?.server ?? ''

  return {
    async request({ method, path, body, type, absentIsNull, signal }) {
      signal.throwIfAborted()
      const context = new RequestContext(`${server}${path}`, HttpMethod[method])
      context.setSignal(AbortSignal.any([signal, AbortSignal.timeout(limitMs)]))
      context.setHeaderParam('accept', 'application/json')
      if (type !== undefined) context.setHeaderParam('content-type', type)
      if (body !== undefined) context.setBody(body)
      await identify(context)
      const answer = await send(async () => {
        const response = await http.send(context).toPromise()
        return { status: response.httpStatusCode, text: await response.body.text() }
      }, signal)
      if (answer.status === 404 && absentIsNull === true) return null
      const value: unknown = parsedJson(answer.text)
      if (answer.status < 300) return isJsonObject(value) ? value : {}
      throw refusal(answer.status, isJsonObject(value) ? value : { message: answer.text.slice(0, 500) }, {
        method,
        path,
      })
    },
  }

  /** Fetches tokens of exec plugins and OIDC, which may fail. */
  async function identify(context: Parameters<KubeConfig['applySecurityAuthentication']>[0]): Promise<void> {
    try {
      await config.applySecurityAuthentication(context)
    } catch (cause) {
      throw new FulcrumError('environment', 'kubernetes-identity', `The kubeconfig is not usable: ${why(cause)}`, {
        where: server,
        remedy: 'Check it with kubectl and the same kubeconfig and context.',
        cause,
        retryable: true,
      })
    }
  }

  async function send<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      signal.throwIfAborted()
      throw new FulcrumError('environment', 'kubernetes-unreachable', `The API server does not answer: ${why(cause)}`, {
        where: server,
        remedy: 'Check it with kubectl and the same kubeconfig and context.',
        cause,
        retryable: true,
      })
    }
  }
}

/** An error for a refused request: the server's message, with its kind and remedy. */
function refusal(
  status: number,
  body: JsonObject,
  { method, path }: Pick<ApiRequest, 'method' | 'path'>,
): FulcrumError {
  const message = typeof body.message === 'string' ? body.message : `HTTP ${status}`
  const where = `${method} ${path}`
  switch (status) {
    case 401:
    case 403:
      return new FulcrumError('environment', 'kubernetes-forbidden', message, {
        where,
        remedy: 'Give this identity the role of docs/how-to/kubernetes.md.',
        cause: body,
      })
    case 409:
      return new FulcrumError('environment', 'kubernetes-conflict', message, { where, cause: body, retryable: true })
    case 400:
    case 422:
      return new FulcrumError('bad-input', 'manifest-refused', message, { where, cause: body })
    default:
      return new FulcrumError('environment', 'kubernetes-refused', `HTTP ${status}: ${message}`, { where, cause: body })
  }
}

/** undici wraps the reason one level down. */
function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
