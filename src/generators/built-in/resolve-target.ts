import { lookup } from 'node:dns/promises'
import type { Endpoint } from '../../model/index.ts'
import { FulcrumError } from '../../model/index.ts'
import { portAnswers } from '../../process/port-answers.ts'
import type { Target } from './target.ts'

/** Time limit of name resolution, and of each connection attempt. */
const lookupLimitMs = 10_000
const tryMs = 2000

/**
 * Resolves the endpoint's name once, before any clock runs, and picks the first address that accepts a connection. (If
 * `localhost` resolves to `::1` first, that address does not reach a server on 127.0.0.1.) If none does, uses the first
 * address; the requests will fail and be counted.
 * @param ca certificates to trust in addition to the system's, PEM
 * @throws FulcrumError bad-input for a URL that is not HTTP, environment if the name can't be resolved
 */
export async function resolveTarget(
  endpoint: Pick<Endpoint, 'url'>,
  ca: string | null,
  signal: AbortSignal,
): Promise<Target> {
  const url = URL.parse(endpoint.url)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new FulcrumError('bad-input', 'url-invalid', `not an http or https URL: ${endpoint.url}`, {
      where: endpoint.url,
    })
  }
  const secure = url.protocol === 'https:'
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  const askedMs = performance.now()
  const addresses = await addressesOf(name, endpoint.url, signal)
  const lookupMs = performance.now() - askedMs
  const host = (await firstThatAnswers(addresses, port, signal)) ?? addresses[0] ?? name
  const isAddress = addresses.includes(name)
  return {
    host,
    port,
    tls: secure ? { serverName: isAddress ? '' : name, ca } : null,
    label: `${url.protocol}//${url.host}`,
    lookupMs,
  }
}

async function addressesOf(name: string, where: string, signal: AbortSignal): Promise<readonly string[]> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(lookupLimitMs)])
  try {
    const found = await orAbort(lookup(name, { all: true }), deadline)
    return found.map(({ address }) => address)
  } catch (cause) {
    signal.throwIfAborted()
    const why = deadline.aborted ? `DNS did not respond within ${lookupLimitMs / 1000} s` : lookupFailure(cause)
    throw new FulcrumError('environment', 'name-not-resolved', `cannot resolve the name ${name}: ${why}`, {
      where,
      remedy: 'check the URL and the name server (/etc/resolv.conf), or write the address',
      cause,
    })
  }
}

/** The resolver's error in words. */
function lookupFailure(cause: unknown): string {
  const { code = '', message } = cause as NodeJS.ErrnoException
  if (code === 'EAI_AGAIN') return 'DNS did not respond (EAI_AGAIN)'
  if (code === 'ENOTFOUND') return 'DNS does not know this name (ENOTFOUND)'
  return `DNS failed: ${message}`
}

async function firstThatAnswers(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<string | null> {
  if (addresses.length < 2) return null
  for (const address of addresses) {
    signal.throwIfAborted()
    if (await portAnswers(address, port, { timeoutMs: tryMs, signal })) return address
  }
  return null
}

/** The result of the promise, or a rejection with the signal's reason once it is aborted. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
