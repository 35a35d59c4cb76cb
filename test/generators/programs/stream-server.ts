import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does with one request: answers it, or fails as servers do. */
export type Behaviour = 'answer' | 'http-500' | 'reset' | 'silent' | 'cut-before-colon'

/** A small OpenAI-compatible server that streams one token a chunk, and can be told to misbehave. */
export interface StreamServer extends AsyncDisposable {
  readonly url: string
  /** Bodies of all requests so far. */
  readonly bodies: readonly Body[]
  /** Values of the Authorization header, as they came. */
  readonly authorizations: readonly string[]
  /** Paths of all requests so far. */
  readonly paths: readonly string[]
}

export type Body = { readonly [field: string]: unknown }

const ttftMs = 20
const itlMs = 5
/** Single tokens of DeepSeek V3's vocabulary. */
const words = [' the', ' of', ' and', ' to', ' in', ' a', ' is', ' that']

/** @param behave asked for each request; the first is 1, warm-up included */
export async function startStreamServer(behave: (request: number) => Behaviour): Promise<StreamServer> {
  const bodies: Body[] = []
  const authorizations: string[] = []
  const paths: string[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(404).end()
      authorizations.push(request.headers.authorization ?? '')
      paths.push(request.url ?? '')
      const body = JSON.parse(Buffer.concat(parts).toString()) as Body
      const behaviour = behave(bodies.push(body))
      if (behaviour === 'reset') request.socket.destroy()
      else if (behaviour === 'http-500') response.writeHead(500, { 'content-type': 'text/plain' }).end('out of memory')
      else void stream(response, body, behaviour)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    authorizations,
    paths,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function stream(response: ServerResponse, body: Body, behaviour: Behaviour): Promise<void> {
  const tokens = Number(body.max_tokens ?? body.max_completion_tokens ?? 16)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  await pause(ttftMs)
  for (let token = 0; token < tokens; token++) {
    if (token > 0) await pause(itlMs)
    if (behaviour === 'silent' && token === 2) return
    const last = token === tokens - 1
    const word = words[token % words.length]
    const event = chunk(body, {
      ...('prompt' in body ? { text: word } : { delta: { content: word } }),
      finish_reason: last ? 'length' : null,
    })
    const cut = behaviour === 'cut-before-colon' && token === 2 ? event.indexOf(':"chat.completion.chunk"') : -1
    if (cut >= 0) {
      response.write(event.slice(0, cut))
      await pause(itlMs)
      response.write(event.slice(cut))
    } else response.write(event)
  }
  if ((body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true) {
    response.write(chunk(body, null, { prompt_tokens: 100, completion_tokens: tokens, total_tokens: 100 + tokens }))
  }
  response.end('data: [DONE]\n\n')
}

function chunk(body: Body, choice: object | null, usage?: object): string {
  const choices = choice === null ? [] : [{ index: 0, ...choice }]
  const object = 'prompt' in body ? 'text_completion' : 'chat.completion.chunk'
  const value = { id: 'x', object, created: 1, model: body.model, choices, usage }
  return `data: ${JSON.stringify(value)}\n\n`
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
