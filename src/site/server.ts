import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { pipeline } from 'node:stream/promises'
import { FulcrumError } from '../model/index.ts'
import type { Answer } from './answer.ts'
import { constantHeaders } from './answer.ts'
import { type Follow, sendEvents } from './events.ts'
import { addressLiteral, isLoopback, ownNames, refusalOf } from './guard.ts'
import type { SiteAssets } from './pages/layout.ts'
import { problemPage } from './pages/problem.ts'
import type { Routed } from './routes.ts'
import { type Target, targetOf } from './target.ts'

export interface SiteOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly assets: SiteAssets
  readonly route: (target: Target) => Promise<Routed>
  readonly follow: Follow
}

/** A site that answers until it is closed. */
export interface Site extends AsyncDisposable {
  readonly url: string
  /** Who can reach it. */
  readonly reach: 'this machine' | 'network'
}

/** What is being answered when the site stops may take this long. */
const patienceMs = 2000

/** @throws FulcrumError (environment) `port-taken`, `no-address` */
export async function startSite(options: SiteOptions): Promise<Site> {
  const stopping = new AbortController()
  const names = ownNames(options.host, hostname())
  const server = createServer((request, response) => {
    answer(request, response, { ...options, names, signal: stopping.signal }).catch(() => response.destroy())
  })
  await listening(server, options)
  const { address, port, family } = server.address() as AddressInfo
  return {
    reach: isLoopback(address) ? 'this machine' : 'network',
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`,
    async [Symbol.asyncDispose]() {
      stopping.abort(new DOMException('the site stops', 'AbortError'))
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), patienceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function listening(server: Server, { host, port }: SiteOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
    server.listen({ host, port }, resolve)
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new FulcrumError('environment', 'port-taken', `Port ${port} is in use.`, {
        where,
        remedy: 'Choose another port with --port, or --port 0 for any free one.',
        cause: error,
      })
    case 'EACCES':
      return new FulcrumError('environment', 'port-taken', `Permission denied to listen on port ${port}.`, {
        where,
        remedy: 'Choose a port from 1024, or --port 0 for any free one.',
        cause: error,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new FulcrumError('bad-input', 'no-address', `${host} is not an address of this machine.`, { cause: error })
    default:
      return error
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { assets, route, follow, names, signal }: SiteOptions & { names: readonly string[]; signal: AbortSignal },
): Promise<void> {
  // On all addresses of a machine (0.0.0.0), the one that was asked is its own too; a rebound name is no address.
  const { localAddress } = request.socket
  const own = localAddress === undefined ? names : [...names, addressLiteral(localAddress)]
  const refusal = refusalOf(request, own)
  if (refusal !== null) {
    const allow = refusal.status === 405 ? { allow: 'GET, HEAD' } : {}
    response.writeHead(refusal.status, { ...constantHeaders, ...allow, 'content-type': 'text/plain; charset=utf-8' })
    response.end(`${refusal.message}\n`)
    return
  }
  const target = targetOf(request.url ?? '')
  const routed =
    target === null
      ? problemPage(assets, { status: 404, title: 'Not found', message: 'This page does not exist.' })
      : await route(target).catch((error: unknown) => problemOf(assets, error))
  if (!('events' in routed)) await send(response, routed, request.method === 'HEAD')
  else if (request.method === 'HEAD') response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
  else await sendEvents(response, routed.events, { follow, signal })
}

async function send(response: ServerResponse, { status, headers, body }: Answer, headOnly: boolean): Promise<void> {
  const length = typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  response.writeHead(status, { ...constantHeaders, ...length, ...headers })
  if (typeof body === 'string') {
    response.end(headOnly ? undefined : body)
    return
  }
  await using file = body
  if (headOnly || file.size === 0) response.end()
  // A journal grows while it is read: not more than was promised.
  else await pipeline(file.handle.createReadStream({ autoClose: false, end: file.size - 1 }), response)
}

/** A user's mistake or a damaged run is told; anything else is a defect, and says so without its insides. */
function problemOf(assets: SiteAssets, error: unknown): Answer {
  if (error instanceof FulcrumError)
    return problemPage(assets, {
      status: error.kind === 'bad-input' ? 404 : 500,
      title: 'Cannot show this page',
      message: `${error.message}${error.where === undefined ? '' : ` (${error.where})`}`,
      remedy: error.remedy,
    })
  return problemPage(assets, {
    status: 500,
    title: 'Cannot show this page',
    message: 'This is a bug in Fulcrum. Report it with the output of the command that serves this page.',
    remedy: error instanceof Error ? error.message : undefined,
  })
}
