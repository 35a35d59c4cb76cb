import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Reason and status of a refusal; null if the request may pass. */
export interface Refusal {
  readonly status: 403 | 405 | 421
  readonly message: string
}

/**
 * Rejects requests that no reader of the site sends. A foreign page can make its own name resolve to this address (DNS
 * rebinding); the Host header reveals that. It can also make a browser fetch from this site; Sec-Fetch-Site reveals
 * that. The port is ignored, because a tunnel (ssh -L) may use another one.
 */
export function refusalOf(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  names: readonly string[],
  methods: readonly string[] = readingMethods,
): Refusal | null {
  if (method === undefined || !methods.includes(method))
    return { status: 405, message: methods === readingMethods ? 'This site is read-only.' : 'Method not allowed.' }
  const host = hostName(headers.host)
  if (host === null || !names.includes(host))
    return { status: 421, message: 'Unknown host name. Open this site with the address that Fulcrum printed.' }
  // A foreign form can navigate here, so requests that change something must come from this site.
  const reads = readingMethods.includes(method)
  const foreign = headers['sec-fetch-site'] === 'cross-site' && (!reads || headers['sec-fetch-mode'] !== 'navigate')
  const otherOrigin = !reads && headers.origin !== undefined && hostName(originHost(headers.origin)) !== host
  return foreign || otherOrigin ? { status: 403, message: 'Other sites must not read from this one.' } : null
}

/** Methods that change nothing. */
export const readingMethods: readonly string[] = ['GET', 'HEAD']

/** `example.com:80` of `http://example.com:80`; undefined for `null` and the like. */
const originHost = (origin: string): string | undefined => /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]

/** `localhost` of `LOCALHOST:4747`, `[::1]` of `[::1]:4747`; null if the text is not a host and port. */
function hostName(header: string | undefined): string | null {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '')?.[1] ?? null
}

/** Host names that a server at an address accepts; a rebound name is never among them. */
export function ownNames(address: string, hostname: string): readonly string[] {
  const literal = addressLiteral(address)
  const loopback = ['localhost', '127.0.0.1', '[::1]']
  return isLoopback(address) ? [literal, ...loopback] : [literal, ...loopback, hostname.toLowerCase()]
}

/** An address as written in a Host header; IPv4 through an IPv6 socket is IPv4. */
export function addressLiteral(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(plain) === 6 ? `[${plain}]` : plain
}

/** Whether an address reaches only this machine: `localhost`, `::1` or 127.0.0.0/8. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address)
