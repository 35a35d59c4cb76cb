import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { Pool } from 'undici'
import type { Cell } from '../cell.ts'
import { isl } from '../cell.ts'
import type { ClientReport } from '../report.ts'

// Clients that parse nothing: the floor that a load generator in Node can reach, by transport.
// A process of its own: `raw.ts URL CELL sockets|http|undici` prints a report.
const [base = '', text = '{}', transport = 'sockets'] = process.argv.slice(2)
const cell = JSON.parse(text) as Cell
const url = new URL(base)
const path = '/v1/chat/completions'
const body = Buffer.from(
  JSON.stringify({
    messages: [{ role: 'user', content: 'word '.repeat(isl) }],
    stream: true,
    max_tokens: cell.tokens,
  }),
)

/** Sends one request on a slot; calls back when the first bytes came and when all have. */
type Send = (first: () => void, end: () => void) => void

async function openSockets(): Promise<Send[]> {
  const head = Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${body.length}\r\n\r\n`)
  const request = Buffer.concat([head, body])
  const slots = Array.from({ length: cell.concurrency }, async (): Promise<Send> => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    let first: (() => void) | null = null
    let end = () => {}
    socket.on('data', bytes => {
      first?.()
      first = null
      // The bytes of the last chunk, `0\r\n\r\n`.
      const n = bytes.length
      if (n >= 5 && bytes[n - 5] === 0x30 && bytes[n - 4] === 0x0d && bytes[n - 2] === 0x0d && bytes[n - 1] === 0x0a)
        end()
    })
    await new Promise(resolve => socket.once('connect', resolve))
    return (onFirst, onEnd) => {
      first = onFirst
      end = onEnd
      socket.write(request)
    }
  })
  return await Promise.all(slots)
}

function openHttp(): Send[] {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: cell.concurrency })
  const options = {
    agent,
    method: 'POST',
    path,
    host: url.hostname,
    port: url.port,
    headers: { 'content-length': body.length },
  }
  const send: Send = (first, end) => {
    const request = httpRequest(options, response => {
      response.once('data', first)
      response.on('data', () => {})
      response.on('end', end)
    })
    request.end(body)
  }
  return Array.from({ length: cell.concurrency }, () => send)
}

function openUndici(): Send[] {
  const pool = new Pool(url.origin, { connections: cell.concurrency, pipelining: 1 })
  const send: Send = (onFirst, onEnd) => {
    let first: (() => void) | null = onFirst
    pool.dispatch(
      { method: 'POST', path, body },
      {
        onRequestStart: () => {},
        onResponseStart: () => {},
        onResponseData: () => {
          first?.()
          first = null
        },
        onResponseEnd: onEnd,
        onResponseError: () => {},
      },
    )
  }
  return Array.from({ length: cell.concurrency }, () => send)
}

const slots = transport === 'sockets' ? await openSockets() : transport === 'http' ? openHttp() : openUndici()
const ttft: number[] = []
let left = cell.requests
let open = cell.requests
const cpu = process.cpuUsage()
const start = performance.now()
await new Promise<void>(resolve => {
  for (const send of slots) {
    const next = () => {
      if (left-- <= 0) return
      const sentAt = performance.now()
      send(
        () => ttft.push(performance.now() - sentAt),
        () => {
          if (--open === 0) resolve()
          else next()
        },
      )
    }
    next()
  }
})
const durationS = (performance.now() - start) / 1000
const used = process.cpuUsage(cpu)
ttft.sort((a, b) => a - b)
const report: ClientReport = {
  ttftMeanMs: ttft.reduce((sum, value) => sum + value, 0) / ttft.length,
  ttftP99Ms: ttft[Math.floor(ttft.length * 0.99)] ?? Number.NaN,
  itlMeanMs: Number.NaN,
  durationS,
  completed: cell.requests,
  loadCpuS: (used.user + used.system) / 1e6,
  says: '',
}
console.log(JSON.stringify(report))
process.exit(0)
