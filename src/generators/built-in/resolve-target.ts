import { lookup } from 'node:dns/promises'
import type { Endpoint } from '../../model/index.ts'
import { FulcrumError } from '../../model/index.ts'
import { portAnswers } from '../../process/port-answers.ts'
import type { Target } from './target.ts'

/** How long name resolution may take, and each try whether an address answers. */
const lookupLimitMs = 10_000
const tryMs = 2000

/**
 * Looks the endpoint's name up, once and before any clock runs, and picks the first address that takes a connection (a
 * `localhost` that is `::1` first is of no use to a server on 127.0.0.1). When none does, the first address is taken:
 * the requests will fail, and be counted.
 *
 * @param ca certificates to trust besides the system's, PEM
 * @throws FulcrumError bad-input for a URL that isn't HTTP, environment when the name can't be resolved
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

/** What the system's resolver said, in words. */
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

/** The promise's outcome, or a rejection with the signal's reason once it fires. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
