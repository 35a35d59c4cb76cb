import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { WebSocketServer } from 'ws'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../src/model/index.ts'

/** A call that the server got. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly query: { readonly [name: string]: string }
  readonly body: JsonObject
}

/**
 * Answers in the place of an API server that has ConfigMaps, pods and port-forward: it keeps what is applied, and knows
 * no more.
 */
export interface EdgeServer {
  readonly url: string
  readonly calls: Call[]
  readonly objects: Map<string, JsonObject>
  /** Forces the answer to changes of a path, or to everything when it is 403: a Status. */
  readonly refuse: Map<string, { readonly status: number; readonly message: string; readonly details?: JsonObject }>
  close(): Promise<void>
}

const graphs = /\/dynamographdeployments\/[^/]+$/
const adapters = /\/dynamographdeploymentscalingadapters$/

/** @param frontend where a pod's port 8000 leads */
export async function startEdgeServer(frontend: { readonly port: number }): Promise<EdgeServer> {
  const objects = new Map<string, JsonObject>()
  const refuse: EdgeServer['refuse'] = new Map()
  const calls: Call[] = []

  function answer({ method, path, query, body }: Call): { readonly status: number; readonly value: Json } {
    const refused = refuse.get(path)
    if (refused !== undefined && (method === 'PATCH' || refused.status === 403)) {
      return { status: refused.status, value: { kind: 'Status', ...refused } }
    }
    if (path === '/apis/nvidia.com/v1alpha1') {
      const resources = [{ name: 'dynamographdeployments', kind: 'DynamoGraphDeployment', namespaced: true }]
      return { status: 200, value: { resources } }
    }
    if (adapters.test(path)) return { status: 404, value: {} }
    const known = objects.get(path)
    if (method === 'DELETE') objects.delete(path)
    if (method === 'PATCH' && query.dryRun === undefined) {
      const merged = merge(known ?? {}, body)
      const generation = Number(readAt(known, ['metadata', 'generation']) ?? 0)
      const metadata = { ...(merged.metadata as JsonObject), generation: generation + 1, resourceVersion: '1' }
      objects.set(path, { ...merged, metadata })
    }
    const now = objects.get(path) ?? known
    return now === undefined
      ? { status: 404, value: {} }
      : { status: 200, value: graphs.test(path) ? served(now) : now }
  }

  const server = createServer(async (request, response) => {
    const call = await callOf(request)
    calls.push(call)
    if (call.query.watch !== undefined) {
      response.end()
      return
    }
    const { status, value } = answer(call)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: offered => [...offered][0] ?? false })
  server.on('upgrade', (request, socket, head) => {
    calls.push({ method: 'UPGRADE', path: pathOf(request), query: {}, body: {} })
    sockets.handleUpgrade(request, socket, head, forwarded => {
      // Channels 0 (data) and 1 (errors), each beginning with the port's number.
      forwarded.send(Buffer.from([0, 0x40, 0x1f]))
      forwarded.send(Buffer.from([1, 0x40, 0x1f]))
      const pod = connect(frontend.port, '127.0.0.1')
      pod.on('data', data => forwarded.send(Buffer.concat([Buffer.from([0]), data])))
      pod.on('close', () => forwarded.close())
      pod.on('error', () => forwarded.close())
      forwarded.on('message', (data: Buffer) => {
        if (data[0] === 0) pod.write(data.subarray(1))
      })
      forwarded.on('close', () => pod.destroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    objects,
    refuse,
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const pathOf = (request: IncomingMessage) => new URL(request.url ?? '', 'http://x').pathname

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const query = Object.fromEntries(new URL(request.url ?? '', 'http://x').searchParams)
  return { method: request.method ?? '', path: pathOf(request), query, body: text === '' ? {} : JSON.parse(text) }
}

function merge(old: JsonObject, more: JsonObject): JsonObject {
  const merged: { [key: string]: Json } = { ...old }
  for (const [key, value] of Object.entries(more)) {
    const before = merged[key]
    merged[key] = isJsonObject(before) && isJsonObject(value) ? merge(before, value) : value
  }
  return merged
}

/** A graph whose operator is done at once. */
function served(graph: JsonObject): JsonObject {
  const services = readAt(graph, ['spec', 'services'])
  const counts = Object.entries(isJsonObject(services) ? services : {}).map(([name, service]) => {
    const replicas = readAt(service, ['replicas']) ?? 1
    return [name, { replicas, updatedReplicas: replicas, readyReplicas: replicas }]
  })
  const late = isDeepStrictEqual(readAt(graph, ['metadata', 'name']), 'late')
  const status = {
    observedGeneration: readAt(graph, ['metadata', 'generation']) ?? 0,
    services: late ? {} : Object.fromEntries(counts),
    conditions: [{ type: 'Ready', status: 'True' }],
  }
  return { ...graph, status }
}
