import { Histogram } from '../metrics/histogram.ts'
import type { Api, Endpoint } from '../point/index.ts'
import { FulcrumError, redactor } from '../point/index.ts'
import { apiKeyOf } from './api-key.ts'
import { Exchange } from './built-in/exchange.ts'
import { Lane } from './built-in/lane.ts'
import { ReadableClock } from './built-in/readable-clock.ts'
import { resolveTarget } from './built-in/resolve-target.ts'
import { bodyAround, headBefore } from './request.ts'

/** How to ask. */
export interface ProbeOptions {
  readonly signal: AbortSignal
  /** Deadline of the whole probe. */
  readonly timeoutMs: number
  /** Asks for a stream, as load does. */
  readonly streaming: boolean
  readonly api?: Exclude<Api, 'responses'>
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Certificates to trust besides the system's, PEM. */
  readonly ca?: string
}

/** What came back. */
export interface ProbeAnswer {
  /** NaN when not streamed. */
  readonly ttftMs: number
  readonly latencyMs: number
  readonly chunks: number
  /** As the server's usage says; null when it didn't. */
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

const probeTokens = 4
const expiryEveryMs = 10

/**
 * One real, tiny completion in the endpoint's own dialect: that a model is listed says nothing, an answer does.
 *
 * @throws FulcrumError environment `probe-failed` with what came instead of an answer; the signal's reason when aborted
 */
export async function probe(endpoint: Endpoint, options: ProbeOptions): Promise<ProbeAnswer> {
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
      { where: endpoint.url, remedy: "look at the frontend's and the workers' logs" },
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

/** Sends the request over a connection of its own; resolves however it ends. */
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
    const abort = () => lane.abandon('cancelled', 'interrupted')
    const settled = () => {
      clearInterval(expiry)
      options.signal.removeEventListener('abort', abort)
      lane.close()
      resolve(exchange)
    }
    const lane = new Lane(
      { target, clock: new ReadableClock(), buffer: Buffer.allocUnsafeSlow(16 * 1024), settled },
      exchange,
    )
    const expiry = setInterval(() => lane.expire(performance.now()), expiryEveryMs)
    options.signal.addEventListener('abort', abort)
    lane.send(request, 0, 0, deadline)
    if (options.signal.aborted) abort()
  })
}

function requestOf(endpoint: Endpoint, options: ProbeOptions, apiKey: string | undefined): Buffer {
  const api = options.api ?? 'chat'
  const { model, dialect } = endpoint
  const { before, after } = bodyAround({
    api,
    dialect,
    model,
    streaming: options.streaming,
    outputTokens: probeTokens,
    extra: {},
  })
  const prompt = api === 'chat' ? [{ role: 'user', content: 'Hello' }] : 'Hello'
  const body = `${before}${JSON.stringify(prompt)}${after}`
  const head = headBefore(new URL(endpoint.url), api, options.streaming, apiKey)
  return Buffer.from(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
