import { bearer, type Endpoint } from '../model/index.ts'
import { getPage } from './get-page.ts'

/** A page that takes longer is skipped until the next scrape. */
const timeoutMs = 2000

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
  try {
    const { status, headers, text } = await getPage(url, bearer(key).authorization, AbortSignal.timeout(timeoutMs))
    if (status < 200 || status > 299) {
      const reason = headers[reasonHeader]
      return {
        why: typeof reason === 'string' ? decodeURIComponent(reason) : `HTTP ${status}`,
        isAbsent: status === 404,
      }
    }
    return { text, isOpenMetrics: headers['content-type']?.includes('openmetrics') ?? false }
  } catch (error) {
    return { why: reasonOf(error), isAbsent: false }
  }
}

/** Headers with which a server of pages (HTTP 502) says why it has none. */
export const reasonHeaders = (reason: string) => ({ [reasonHeader]: encodeURIComponent(reason) })

/** The complete HTTP response of a forwarder that can't reach a page. */
export function unavailablePage(reason: string): string {
  const told = Object.entries(reasonHeaders(reason)).map(([name, value]) => `${name}: ${value}`)
  return ['HTTP/1.1 502 Bad Gateway', ...told, 'connection: close', 'content-length: 0', '', ''].join('\r\n')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  // Of a name with several addresses, the error of each.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error.message
}
