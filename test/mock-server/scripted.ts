import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { MockRequest } from './request-parser.ts'
import { RequestParser } from './request-parser.ts'

/**
 * Answers the n-th request (from 0) of a server by writing to its socket: for faults that no real system shows when
 * asked to.
 */
export type Script = (socket: Socket, request: MockRequest, n: number) => void

/** A server in this process that does to each request what the script says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly MockRequest[]
  /** Connections taken so far. */
  connections(): number
}

export interface ScriptedOptions {
  readonly host?: string
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function scriptedServer(script: Script, options: ScriptedOptions = {}): Promise<ScriptedServer> {
  const requests: MockRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const serve = (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    const parser = new RequestParser()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', bytes => {
      const request = parser.push(bytes)
      if (request !== null) script(socket, request, requests.push(request) - 1)
    })
  }
  const server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve)
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const shown = host.includes(':') ? `[${host}]` : host
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${shown}:${port}`,
    requests,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const streamHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'

const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

const event = (value: unknown) => chunked(`data: ${JSON.stringify(value)}\n\n`)

export const delta = (content: string) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })

export const finish = (tokens: number) =>
  event({
    choices: [{ index: 0, delta: {}, finish_reason: 'length' }],
    usage: { prompt_tokens: 0, completion_tokens: tokens },
  })

export const done = chunked('data: [DONE]\n\n')

/** The pieces of a stream as a server writes them, for scripts that leave some out. */
export const parts = { streamHead, chunked, event, last: '0\r\n\r\n' }

/** A whole streamed answer. */
export function answer(tokens: number): string {
  return `${streamHead}${delta(' token').repeat(tokens)}${finish(tokens)}${done}${parts.last}`
}

/** An answer that comes whole. */
export function jsonResponse(status: string, body: unknown, headers: readonly string[] = []): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...headers,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${text}`
}
