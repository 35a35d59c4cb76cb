import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Endpoint } from '../model/index.ts'

/** A page that takes longer is skipped until the next scrape. */
const timeoutMs = 2000
const mostRedirects = 5

/** Header with which a forwarder says why it could not reach a worker's page. */
const reasonHeader = 'x-fulcrum-reason'

/** The text of a page, and whether the server declares it as OpenMetrics. */
export interface PageText {
  readonly text: string
  readonly isOpenMetrics: boolean
}

/** Why a page is unavailable. */
export interface Miss {
  readonly why: string
  /** The server has no such page. */
  readonly isAbsent: boolean
}

/** Requests a metrics page with the endpoint's token. Never fails. */
export async function readPage(url: string, endpoint: Pick<Endpoint, 'apiKeyEnv'>): Promise<PageText | Miss> {
  const key = endpoint.apiKeyEnv === undefined ? undefined : process.env[endpoint.apiKeyEnv]
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const { status, headers, text } = await get(new URL(url), key, signal, mostRedirects)
    if (status < 200 || status > 299) {
      const reason = headers[reasonHeader]
      return {
        why: typeof reason === 'string' ? decodeURIComponent(reason) : `HTTP ${status}`,
        isAbsent: status === 404,
      }
    }
    return { text, isOpenMetrics: headers['content-type']?.includes('openmetrics') ?? false }
  } catch (error) {
    const why = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error)
    return { why, isAbsent: false }
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/**
 * A page, with redirects followed: vLLM sends from `/metrics` to `/metrics/`. Not with `fetch`, which takes 0.08 s of
 * CPU and 5 MB to load while the load generator gets ready. The token goes to the endpoint's own origin only.
 */
async function get(url: URL, key: string | undefined, signal: AbortSignal, redirects: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  request(url, { signal, headers }, resolve).once('error', reject).end()
  const response = await promise
  const status = response.statusCode ?? 0
  const { location } = response.headers
  if (status >= 300 && status < 400 && location !== undefined && redirects > 0) {
    response.destroy()
    const to = new URL(location, url)
    return get(to, to.origin === url.origin ? key : undefined, signal, redirects - 1)
  }
  return { status, headers: response.headers, text: Buffer.concat(await response.toArray()).toString() }
}

/** The complete HTTP response of a forwarder that can't reach a page. */
export function unavailablePage(reason: string): string {
  const headers = [`${reasonHeader}: ${encodeURIComponent(reason)}`, 'connection: close', 'content-length: 0']
  return ['HTTP/1.1 502 Bad Gateway', ...headers, '', ''].join('\r\n')
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
