import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node'
import { defined, parsedJson } from '../../model/index.ts'
import { reasonHeaders } from '../../telemetry/metrics-page.ts'
import { statisticsPage, type WorkerStatistics, workersIn } from './nats-statistics.ts'

/** Services answer within milliseconds; a scrape times out after 2 s. */
const answerLimitMs = 1000

/** A worker's registration; null if unknown. */
export type Registered = { readonly lease: string; readonly natsService: string } | null

/** Metrics pages for workers that report statistics only over NATS. */
export interface StatisticsPages {
  /** URLs of the pages by source, such as `decode-0`. Earlier pages end. */
  pages(workers: { readonly [source: string]: Registered }): Promise<{ readonly [source: string]: string }>
  /** Safe to call twice. */
  close(): Promise<void>
}

/**
 * Serves pages on a free port of 127.0.0.1. Each page request queries the workers; simultaneous requests share one
 * response. An unresponsive worker fails the scrape, which a finding reports, but never the deployment.
 */
export function statisticsPages(nats: ConnectionOptions): StatisticsPages {
  let wanted: { readonly [source: string]: Registered } = {}
  let connection: Promise<NatsConnection> | null = null
  let asked: Promise<ReadonlyMap<string, WorkerStatistics>> | null = null

  async function connected(): Promise<NatsConnection> {
    const { connect } = await import('@nats-io/transport-node')
    connection ??= connect({ ...nats, name: 'fulcrum', timeout: answerLimitMs, maxReconnectAttempts: -1 })
    try {
      return await connection
    } catch (error) {
      // The next scrape tries again.
      connection = null
      throw error
    }
  }

  async function ask(): Promise<ReadonlyMap<string, WorkerStatistics>> {
    const client = await connected()
    const registered = Object.values(wanted).filter(one => one !== null)
    const byService = Map.groupBy(registered, ({ natsService }) => natsService)
    const answers = await Promise.all(
      [...byService].map(([service, workers]) => {
        const leases = new Set(workers.map(({ lease }) => lease))
        return statisticsOf(client, service, leases)
      }),
    )
    return new Map(answers.flat().map(worker => [worker.lease, worker]))
  }

  async function respond(path: string, response: ServerResponse): Promise<void> {
    try {
      const worker = wanted[/^\/([^/]+)\/metrics$/.exec(path)?.[1] ?? '']
      if (worker === undefined) response.writeHead(404).end()
      else if (worker === null) throw new Error('it is not known which registration in etcd is this worker’s')
      else {
        asked ??= ask().finally(() => {
          asked = null
        })
        const statistics = (await asked).get(worker.lease)
        if (statistics === undefined) throw new Error('the worker does not answer $SRV.STATS on NATS')
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(statisticsPage(statistics))
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      response.writeHead(502, reasonHeaders(reason)).end()
    }
  }

  const server = createServer((request, response) => respond(request.url ?? '', response))
  // Unread pages must not keep the process running.
  server.unref()

  return {
    pages: async workers => {
      wanted = workers
      if (!server.listening) {
        server.listen(0, '127.0.0.1')
        await once(server, 'listening')
      }
      const { port } = server.address() as AddressInfo
      return Object.fromEntries(
        Object.keys(workers).map(source => [source, `http://127.0.0.1:${port}/${source}/metrics`]),
      )
    },
    close: async () => {
      const open = connection
      connection = null
      if (server.listening) {
        const closed = once(server, 'close')
        server.close()
        server.closeAllConnections()
        await closed
      }
      await open?.then(client => client.close()).catch(() => {})
    },
  }
}

/** Queries all instances of a service until those with the given leases have answered or time runs out. */
async function statisticsOf(
  client: NatsConnection,
  service: string,
  leases: ReadonlySet<string>,
): Promise<readonly WorkerStatistics[]> {
  const missing = new Set(leases)
  const found: WorkerStatistics[] = []
  const answers = await client.requestMany(`$SRV.STATS.${service}`, '', { strategy: 'timer', maxWait: answerLimitMs })
  for await (const answer of answers) {
    for (const worker of workersIn(parsedJson(answer.string()))) {
      if (missing.delete(worker.lease)) found.push(worker)
    }
    if (missing.size === 0) break
  }
  return found
}

/**
 * Connection options for the NATS of a deployment.
 * @param url as in NATS_SERVER, optionally with a user and a password
 * @param env the workers' variables, which name a user or a token in the form that Dynamo's runtime reads
 */
export function natsOptions(url: string, env: { readonly [name: string]: string | undefined }): ConnectionOptions {
  const urls = url.split(',').map(one => new URL(one.includes('://') ? one : `nats://${one}`))
  const user = decodeURIComponent(urls[0]?.username ?? '') || env.NATS_AUTH_USERNAME
  const pass = decodeURIComponent(urls[0]?.password ?? '') || env.NATS_AUTH_PASSWORD
  const token = env.NATS_AUTH_TOKEN
  return {
    servers: urls.map(({ host }) => host),
    ...(user === undefined ? defined({ token }) : defined({ user, pass })),
  }
}
