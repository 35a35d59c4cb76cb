import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { freePort } from '../../../src/deploy/ports.ts'
import { openLedger } from '../../../src/process/ledger.ts'
import { startProcess } from '../../../src/process/process.ts'

/** The real API server for custom resources; scripts/install-systems.ts builds it where Go is. */
export const apiServerBinary = join(import.meta.dirname, '../../../.systems/go/bin/apiextensions-apiserver')

/** A real API server of this test's own. */
export interface ApiServer {
  readonly kubeconfig: string
  readonly folder: string
  /** Any call of the API, for what a test does as somebody else. */
  call(method: string, path: string, body?: unknown, type?: string): Promise<Record<string, unknown>>
  close(): Promise<void>
}

const startLimitMs = 60_000
/** Admission that needs the rest of Kubernetes. */
const withoutAdmission =
  'NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,ValidatingAdmissionPolicy,MutatingAdmissionPolicy'

/** Starts etcd and the API server, with Dynamo's two kinds of resources. */
export async function startApiServer(): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-api-server-'))
  const ledger = await openLedger({ runFolder: folder })
  const close: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true }), () => ledger.close()]
  const closeAll = async () => {
    for (const end of close.splice(0).reverse()) await end()
  }
  try {
    const start = async (name: string, argv: readonly [string, ...string[]]) => {
      const logFile = join(folder, `${name}.log`)
      const process = await startProcess({ name, argv, env: {}, cwd: folder, logFile }, ledger)
      close.push(() => process.stop(5_000))
      return process
    }
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()]
    const etcdUrl = `http://127.0.0.1:${etcdPort}`
    const peerUrl = `http://127.0.0.1:${peerPort}`
    await start('etcd', [
      ...(['etcd', '--data-dir', join(folder, 'etcd'), '--listen-client-urls', etcdUrl] as const),
      ...['--advertise-client-urls', etcdUrl, '--listen-peer-urls', peerUrl],
      ...['--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`, '--unsafe-no-fsync'],
    ])
    const authority = await startAuthority()
    close.push(authority.close)
    const kubeconfig = (server: string) =>
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': server.startsWith('https:') } }],
        users: [{ name: 'test', user: {} }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'llm' } }],
        'current-context': 'test',
      })
    const authorityFile = join(folder, 'authority.yaml')
    await writeFile(authorityFile, kubeconfig(authority.url))
    await mkdir(join(folder, 'certificates'))
    const server = await start('api-server', [
      apiServerBinary,
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${join(folder, 'certificates')}`,
      '--authentication-skip-lookup=true',
      ...['authentication-kubeconfig', 'authorization-kubeconfig', 'kubeconfig'].map(
        key => `--${key}=${authorityFile}`,
      ),
      '--enable-priority-and-fairness=false',
      `--disable-admission-plugins=${withoutAdmission}`,
    ])
    const file = join(folder, 'kubeconfig.yaml')
    await writeFile(file, kubeconfig(`https://127.0.0.1:${port}`))
    const call = await caller(file)
    await until(async () => {
      if (!server.alive()) throw new Error(`the API server ended:\n${server.lastLines().slice(-20).join('\n')}`)
      return (await call('GET', '/readyz').catch(() => null)) !== null
    })
    return { kubeconfig: file, folder, call, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Asks until the answer is yes. */
export async function until(ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + startLimitMs
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error('it did not come true in time')
    await sleep(50)
  }
}

/** Says yes to every question of who may do what, and lists nothing of what this server lacks. */
async function startAuthority(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    response.setHeader('content-type', 'application/json')
    if (request.method !== 'POST') {
      response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] }))
      return
    }
    const review = JSON.parse(Buffer.concat(chunks).toString())
    response.statusCode = 201
    response.end(JSON.stringify({ ...review, status: { allowed: true } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Plain calls over the client library's own connection, apart from the deployer's code. */
async function caller(kubeconfig: string): Promise<ApiServer['call']> {
  const { HttpMethod, IsomorphicFetchHttpLibrary, KubeConfig, RequestContext } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const http = new IsomorphicFetchHttpLibrary()
  return async (method, path, body, type = 'application/json') => {
    const known = Object.values(HttpMethod).find(name => name === method) ?? HttpMethod.GET
    const context = new RequestContext(`${config.getCurrentCluster()?.server}${path}`, known)
    context.setSignal(AbortSignal.timeout(10_000))
    await config.applySecurityAuthentication(context)
    if (body !== undefined) {
      context.setHeaderParam('content-type', type)
      context.setBody(JSON.stringify(body))
    }
    const response = await http.send(context).toPromise()
    const text = await response.body.text()
    if (response.httpStatusCode >= 300) throw new Error(`${method} ${path}: HTTP ${response.httpStatusCode}: ${text}`)
    return text.startsWith('{') ? JSON.parse(text) : {}
  }
}
