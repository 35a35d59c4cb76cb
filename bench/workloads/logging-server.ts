import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** One request as the server saw it: which prompt, when its body was there, when its answer was written. ms. */
export interface Served {
  readonly prompt: string
  readonly arrivedMs: number
  readonly endedMs: number
}

/** What a prompt is known by. */
export const promptKey = (content: string) => createHash('sha1').update(content).digest('base64url')

const ttftMs = 50
const itlMs = 10

/** Streams answers at a fixed pace, and keeps a log of requests at /log, which empties it. */
function serve(): void {
  let log: Served[] = []
  const server = createServer({ noDelay: true }, (request, response) => {
    if (request.method === 'GET') {
      response.end(JSON.stringify(log))
      log = []
      return
    }
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const arrivedMs = performance.now()
      const body = JSON.parse(Buffer.concat(parts).toString()) as {
        readonly max_tokens?: number
        readonly messages: readonly { readonly content: string }[]
      }
      const prompt = promptKey(body.messages.at(-1)?.content ?? '')
      void answer(response, body.max_tokens ?? 8).then(() =>
        log.push({ prompt, arrivedMs, endedMs: performance.now() }),
      )
    })
  })
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
  process.stdin.on('end', () => process.exit(0)).resume()
}

async function answer(response: ServerResponse, tokens: number): Promise<void> {
  const chunk = (delta: object, finish: string | null) =>
    response.write(`data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  await setTimeout(ttftMs)
  for (let token = 0; token < tokens; token++) {
    if (token > 0) await setTimeout(itlMs)
    chunk({ content: ' the' }, token === tokens - 1 ? 'length' : null)
  }
  const usage = { prompt_tokens: 100, completion_tokens: tokens, total_tokens: 100 + tokens }
  response.write(`data: ${JSON.stringify({ id: 'x', choices: [], usage })}\n\n`)
  response.end('data: [DONE]\n\n')
}

if (import.meta.main) serve()
