import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FulcrumError } from '../model/index.ts'
import type { Access } from './access.ts'
import { apiProblem } from './api.ts'
import type { Audit } from './audit.ts'
import { type Follow, sendEvents } from './events.ts'
import { addressLiteral, isLoopback, ownNames, readingMethods, refusalOf } from './guard.ts'
import type { SiteAssets } from './pages/layout.ts'
import { problemPage } from './pages/problem.ts'
import type { SiteResponse } from './response.ts'
import { constantHeaders, jsonResponse } from './response.ts'
import type { Routed } from './routes.ts'
import { loginResponse, uploadResponse } from './sent.ts'
import { type Target, targetOf } from './target.ts'
import type { Received } from './upload.ts'

/** Options of a site. */
export interface SiteOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Host names of proxies and DNS, in addition to the address and the machine's name. */
  readonly allowedHosts: readonly string[]
  readonly assets: SiteAssets
  readonly route: (target: Target) => Promise<Routed>
  readonly follow: Follow
  /** Access control. */
  readonly access: Access
  /** Receives a run from a request's body; null if the site is read-only. */
  readonly upload: ((body: Readable) => Promise<Received>) | null
  readonly audit: Audit
}

/** A running site. */
export interface Site extends AsyncDisposable {
  readonly url: string
  /** Base URL. */
  readonly reach: 'this machine' | 'network'
}

/** As long as `fulcrum push` waits. */
const uploadPatienceMs = 10 * 60_000

/** Time that requests in progress get when the site stops. */
const patienceMs = 2000

/** @throws FulcrumError (environment) `port-taken`, `no-address` */
export async function startSite(options: SiteOptions): Promise<Site> {
  const stopping = new AbortController()
  const names = [...ownNames(options.host, hostname()), ...options.allowedHosts.map(name => name.toLowerCase())]
  const server = createServer((request, response) => {
    answer(request, response, { ...options, names, signal: stopping.signal }).catch(() => response.destroy())
  })
  // By default, Node allows five minutes for a request; a large run over a slow line takes longer.
  if (options.upload !== null) server.requestTimeout = uploadPatienceMs
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
  options: SiteOptions & { names: readonly string[]; signal: AbortSignal },
): Promise<void> {
  const { assets, follow, upload, names, signal } = options
  // A site on all addresses (0.0.0.0) also accepts the address that was requested; a rebound name is not an address.
  const { localAddress } = request.socket
  const own = localAddress === undefined ? names : [...names, addressLiteral(localAddress)]
  const target = targetOf(request.url ?? '')
  const methods = methodsOf(target, upload !== null)
  const refusal = refusalOf(request, own, methods)
  if (refusal !== null) {
    const allow = refusal.status === 405 ? { allow: methods.join(', ') } : {}
    response.writeHead(refusal.status, { ...constantHeaders, ...allow, 'content-type': 'text/plain; charset=utf-8' })
    response.end(`${refusal.message}\n`)
    return
  }
  const routed = await routedOf(request, target, options).catch((error: unknown) =>
    target?.segments[0] === 'api' ? apiProblemOf(error) : problemOf(assets, error),
  )
  if (!('events' in routed)) await send(response, routed, request.method === 'HEAD')
  else if (request.method === 'HEAD') response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
  else await sendEvents(response, routed.events, { follow, signal })
}

async function routedOf(
  request: IncomingMessage,
  target: Target | null,
  { assets, route, access, upload, audit }: SiteOptions,
): Promise<Routed> {
  const path = target?.segments.join('/')
  // A health probe has no token and learns only that the site answers.
  if (path === 'healthz') return jsonResponse({ status: 'ok' })
  if (path === 'login') return loginResponse(request, target?.query ?? new URLSearchParams(), { assets, access, audit })
  if (request.method === 'POST' && upload !== null) return uploadResponse(request, { access, upload, audit })
  if (!access.admits(request)) return turnedAway(request, target)
  return target === null
    ? problemPage(assets, { status: 404, title: 'Not found', message: 'This page does not exist.' })
    : route(target)
}

/** Methods of a target: POST where the site accepts data. */
function methodsOf(target: Target | null, takesUploads: boolean): readonly string[] {
  const path = target?.segments.join('/')
  if (path === 'login' || (takesUploads && path === 'api/v1/runs')) return [...readingMethods, 'POST']
  return readingMethods
}

/** Redirects browsers to the login, and tells programs what is missing. */
function turnedAway({ headers, url = '/' }: IncomingMessage, target: Target | null): SiteResponse {
  const isForPeople = headers['sec-fetch-mode'] === 'navigate' || /\btext\/html\b/.test(headers.accept ?? '')
  if (isForPeople && target !== null)
    return { status: 303, headers: { location: `/login?${new URLSearchParams({ to: url })}` }, body: '' }
  const problem = apiProblem(401, 'This site requires a token.', 'Send it as Authorization: Bearer TOKEN.')
  return { ...problem, headers: { ...problem.headers, 'www-authenticate': 'Bearer realm="fulcrum"' } }
}

async function send(
  response: ServerResponse,
  { status, headers, body }: SiteResponse,
  headOnly: boolean,
): Promise<void> {
  const length = typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  response.writeHead(status, { ...constantHeaders, ...length, ...headers })
  if (typeof body === 'string') {
    response.end(headOnly ? undefined : body)
    return
  }
  await using file = body
  if (headOnly || file.size === 0) response.end()
  // A journal may grow while it is read; sends no more than the announced length.
  else await pipeline(file.handle.createReadStream({ autoClose: false, end: file.size - 1 }), response)
}

function apiProblemOf(error: unknown): SiteResponse {
  if (error instanceof FulcrumError)
    return apiProblem(error.kind === 'bad-input' ? 404 : 500, error.message, error.remedy)
  return apiProblem(500, 'This is a bug in Fulcrum.', error instanceof Error ? error.message : undefined)
}

/** Explains user errors and damaged runs. Other errors are defects and reveal no internals. */
function problemOf(assets: SiteAssets, error: unknown): SiteResponse {
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
