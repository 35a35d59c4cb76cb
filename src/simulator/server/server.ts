import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Engine } from '../engine.ts'
import { type FollowedVersion, followedVersions } from '../followed-version.ts'
import type { Drive } from '../wall-clock.ts'
import type { CompletionRequest, Refusal } from './body.ts'
import { parseBody } from './body.ts'
import type { Serving } from './completion.ts'
import { serveCompletion } from './completion.ts'
import { createFrontendMetrics, workerText } from './metrics.ts'
import type { TokenCounter } from './token-counter.ts'

/** Options of the HTTP server of a simulated deployment. */
export interface EngineServerOptions {
  readonly engine: Engine
  readonly drive: Drive
  readonly tokens: TokenCounter
  /** Model name that requests must use. */
  readonly model: string
  /** Version whose answers it gives; default: the newest. */
  readonly dynamo?: FollowedVersion
  /** Other names that requests may use, such as LoRA adapters. */
  readonly adapters?: readonly string[]
  /** Share of known questions that get a wrong answer, 0–1; default: none. */
  readonly errorRate?: number
  /** Share of the tokens of a chat answer that are reasoning, 0–1; default: none. */
  readonly reasoningShare?: number
  /** Whether the acceptance of drafts is derived from each prompt; default: the engine's. */
  readonly isAcceptanceByPrompt?: boolean
  /** Names of the workers, by id: `prefill-0`. */
  workerNames(): ReadonlyMap<number, string>
}

/** Larger bodies are refused. A prompt of a million tokens is smaller. */
const maxBodyBytes = 32 * 1024 * 1024

const reasons: { readonly [status: number]: string } = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  response.end(text)
}

/** An error in the format of Dynamo's frontend. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return
  sendJson(response, status, { message, type: reasons[status] ?? 'Error', code: status })
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > maxBodyBytes) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/**
 * An OpenAI-compatible HTTP server for an engine that responds like Dynamo's frontend. It is not listening yet.
 */
export function createEngineServer(options: EngineServerOptions): Server {
  const { engine, drive, model, dynamo = followedVersions[0], adapters = [] } = options
  const created = Math.floor(Date.now() / 1000)
  const metrics = createFrontendMetrics(model)
  const { tokens, errorRate = 0, reasoningShare = 0, isAcceptanceByPrompt = false } = options
  const says = { model, dynamo, errorRate, reasoningShare, isAcceptanceByPrompt }
  const serving: Serving = { engine, drive, tokens, metrics, ...says }

  async function complete(
    api: CompletionRequest['api'],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const arrivedMs = drive.nowMs()
    if (!request.headers['content-type']?.includes('application/json'))
      return refuse(response, 415, 'Expected request with Content-Type application/json')
    const text = await readBody(request)
    if (text === null) return refuse(response, 413, `The body is above ${maxBodyBytes} bytes`)
    const parsed: CompletionRequest | Refusal = parseBody(text, api, model, adapters)
    const refused = 'status' in parsed ? parsed : await serveCompletion(parsed, response, arrivedMs, serving)
    if (refused !== null) refuse(response, refused.status, refused.message)
  }

  function listModels(response: ServerResponse): void {
    const names = engine.serving ? [model, ...adapters] : []
    const data = names.map(id => ({ id, object: 'model', created, owned_by: 'nvidia', context_window: 0 }))
    sendJson(response, 200, { object: 'list', data })
  }

  function health(response: ServerResponse): void {
    const names = options.workerNames()
    const instances = engine
      .workers()
      .filter(worker => !worker.draining)
      .map(({ id, role }) => ({
        component: role === 'prefill' ? 'prefill' : 'backend',
        endpoint: 'generate',
        namespace: 'fulcrum',
        instance_id: id,
        name: names.get(id),
      }))
    sendJson(response, 200, { status: engine.serving ? 'healthy' : 'unhealthy', instances })
  }

  function workerMetrics(response: ServerResponse, name: string): void {
    const [id] = [...options.workerNames()].find(([, known]) => known === name) ?? []
    const worker = engine.workers().find(candidate => candidate.id === id)
    if (worker === undefined) refuse(response, 404, `There is no worker ${name}`)
    else sendText(response, workerText(worker.load))
  }

  const posts: { readonly [path: string]: CompletionRequest['api'] } = {
    '/v1/chat/completions': 'chat',
    '/v1/completions': 'completions',
    '/v1/embeddings': 'embeddings',
  }

  function get(path: string, response: ServerResponse): void {
    if (path === '/v1/models') listModels(response)
    else if (path === '/health') health(response)
    else if (path === '/live') sendJson(response, 200, { status: 'live', message: 'Service is live' })
    else if (path === '/metrics') sendText(response, metrics.text(engine, drive.lateness()))
    else if (path.startsWith('/metrics/')) workerMetrics(response, path.slice('/metrics/'.length))
    else refuse(response, path in posts ? 405 : 404, `No GET ${path}`)
  }

  const server = createServer({ noDelay: true, keepAlive: true }, (request, response) => {
    const path = request.url?.split('?')[0] ?? '/'
    const api = posts[path]
    if (request.method === 'GET') return get(path, response)
    if (request.method !== 'POST' || api === undefined)
      return refuse(response, api ? 405 : 404, `No ${request.method} ${path}`)
    complete(api, request, response).catch((error: unknown) =>
      refuse(response, 500, error instanceof Error ? error.message : String(error)),
    )
  })
  // Load generators keep connections open between points. Node's default of 5 s would close them during a request.
  server.keepAliveTimeout = 120_000
  return server
}
