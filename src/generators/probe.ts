import { Histogram } from '../metrics/histogram.ts'
import type { Api, Endpoint, Json } from '../model/index.ts'
import { FulcrumError, redactor } from '../model/index.ts'
import { apiKeyOf } from './api-key.ts'
import { Connection } from './built-in/connection.ts'
import { Exchange } from './built-in/exchange.ts'
import type { Failure } from './built-in/failure.ts'
import { ReadableClock } from './built-in/readable-clock.ts'
import { resolveTarget } from './built-in/resolve-target.ts'
import { apiPaths, bodyAround, headBefore } from './request.ts'

/**
 * Parameters of the load's requests. A server may support only one API, so a probe uses the same parameters as the
 * load.
 */
export interface Asking {
  readonly api: Api
  readonly streaming: boolean
  /** Fields of every body, as in the sweep file. */
  readonly extra: { readonly [field: string]: Json }
}

/** Default parameters for a probe without a sweep, which most servers support. */
export const askingByDefault: Asking = { api: 'chat', streaming: true, extra: {} }

/** Options of a probe. */
export interface ProbeOptions extends Partial<Asking> {
  readonly signal: AbortSignal
  /** Deadline of the whole probe. */
  readonly timeoutMs: number
  /** Whether to request a stream, as the load does. */
  readonly streaming: boolean
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Certificates to trust in addition to the system's, PEM. */
  readonly ca?: string
}

/** Result of a probe. */
export interface ProbeResult {
  /** NaN if not streamed. */
  readonly ttftMs: number
  readonly latencyMs: number
  readonly chunks: number
  /** From the server's usage; null if not reported. */
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

/** Enough tokens for a server that holds back the first ones, as parsers of reasoning or tool calls may do. */
const probeTokens = 16
const expiryEveryMs = 10

/**
 * One real, small completion in the endpoint's dialect. A listed model may still fail; an answer proves that it works.
 *
 * @throws FulcrumError environment `probe-failed` with the response received instead; the signal's reason when aborted
 */
export async function probe(endpoint: Endpoint, options: ProbeOptions): Promise<ProbeResult> {
  const env = options.env ?? process.env
  const deadline = performance.now() + options.timeoutMs
  const target = await resolveTarget(endpoint, options.ca ?? null, options.signal)
  const request = requestOf(endpoint, options, apiKeyOf(endpoint, env))
  const exchange = await ask(target, request, deadline, options)
  options.signal.throwIfAborted()
  if (exchange.failure !== null) {
    throw new FulcrumError(
      'environment',
      'probe-failed',
      `no completion from ${endpoint.model}: ${redactor(env)(exchange.failure.message)}`,
      { where: endpoint.url, remedy: remedyOf(exchange.failure, options.api ?? 'chat', new URL(endpoint.url)) },
    )
  }
  return {
    ttftMs: options.streaming ? exchange.firstAt - exchange.sentAt : Number.NaN,
    latencyMs: exchange.endAt - exchange.sentAt,
    chunks: exchange.chunks,
    inputTokens: exchange.inputTokens < 0 ? null : exchange.inputTokens,
    outputTokens: exchange.outputTokens < 0 ? null : exchange.outputTokens,
  }
}

/** Sends the request over a separate connection. Resolves however it ends. */
function ask(
  target: Awaited<ReturnType<typeof resolveTarget>>,
  request: Buffer,
  deadline: number,
  options: ProbeOptions,
): Promise<Exchange> {
  const exchange = new Exchange({
    api: options.api ?? 'chat',
    streaming: options.streaming,
    gaps: new Histogram(),
  })
  return new Promise(resolve => {
    const abort = () => connection.abandon('cancelled', 'interrupted')
    const settled = () => {
      clearInterval(expiry)
      options.signal.removeEventListener('abort', abort)
      connection.close()
      resolve(exchange)
    }
    const connection = new Connection(
      { target, clock: new ReadableClock(), buffer: Buffer.allocUnsafeSlow(16 * 1024), settled },
      exchange,
    )
    const expiry = setInterval(() => connection.expire(performance.now()), expiryEveryMs)
    options.signal.addEventListener('abort', abort)
    connection.send(request, 0, 0, deadline)
    if (options.signal.aborted) abort()
  })
}

function requestOf(endpoint: Endpoint, options: ProbeOptions, apiKey: string | undefined): Buffer {
  const api = options.api ?? 'chat'
  const { model, dialect } = endpoint
  const { extra = {} } = options
  const { min_tokens: least } = extra
  const { before, after } = bodyAround({
    api,
    dialect,
    model,
    streaming: options.streaming,
    outputTokens: Math.max(probeTokens, typeof least === 'number' ? least : 0),
    extra,
  })
  const prompt = api === 'chat' ? [{ role: 'user', content: 'Hello' }] : 'Hello'
  const body = `${before}${JSON.stringify(prompt)}${after}`
  const head = headBefore(new URL(endpoint.url), api, options.streaming, apiKey)
  return Buffer.from(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** First thing to check, by the kind of failure. */
function remedyOf({ kind, message }: Failure, api: Api, url: URL): string {
  const path = `${url.pathname.replace(/\/+$/, '')}${apiPaths[api]}`
  const other = api === 'chat' ? 'completions' : 'chat'
  const logs = 'Check the logs of the frontend and the workers.'
  switch (kind === 'http-status' ? Number(/^HTTP (\d{3})/.exec(message)?.[1]) : kind) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return 'Fulcrum does not follow redirects, because each would count in the latency. Set url to the address that it leads to, up to /v1.'
    case 400:
    case 422:
      return `The server rejects the request and says why. The content of requests depends on load.api (${api}; the server may only have ${other}), load.extra and deploy.dialect.`
    case 401:
    case 403:
      return 'Name the environment variable that holds the key in deploy.api_key_env, and export it.'
    case 404:
    case 405:
    case 501:
      return `The server has nothing at POST ${path}, or not this model. Check the path in url (the part before /v1), load.api (${api}; the server may only have ${other}) and model.name.`
    case 'bad-response':
      if (/\bgot text\/html\b/.test(message))
        return `This is a web page, such as the login page of a proxy, and not the API. Check the path in url, and what serves POST ${path}.`
      if (/\bgot application\/json\b/.test(message))
        return 'The server answers in one piece instead of streaming. Look for a proxy that buffers responses, or write load: { streaming: false }.'
      if (/\bis compressed\b/.test(message))
        return 'Look for a proxy that compresses responses, and turn that off for event streams: it delays tokens.'
      return logs
    case 'connect':
      return 'Start the server, or correct its address.'
    case 'tls':
      return 'Trust the certificate: NODE_EXTRA_CA_CERTS=/path/of/ca.pem fulcrum …'
    default:
      return logs
  }
}
