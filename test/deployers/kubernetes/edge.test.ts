// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { DeployContext } from '../../../src/deployers/deployer.ts'
import { openCluster } from '../../../src/deployers/kubernetes/cluster.ts'
import type { KubernetesConfig } from '../../../src/deployers/kubernetes/config.ts'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { kubernetesDeployer } from '../../../src/deployers/kubernetes/kubernetes.ts'
import { readPage } from '../../../src/telemetry/metrics-page.ts'
import { type MockServer, startMock } from '../../mock-server/start.ts'
import { type EdgeServer, startEdgeServer } from './edge-server.ts'
import { deployment, disaggregated, v1alpha1 } from './manifests.ts'

const podsPath = '/api/v1/namespaces/llm/pods'
const context = (): DeployContext => ({ signal: AbortSignal.timeout(20_000), onEvent: () => {} })

function kubeconfig(server: string): string {
  return stringify({
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'here',
  })
}

describe('the client’s edge, where Kubernetes isn’t', () => {
  let folder = ''
  let frontend: MockServer
  let server: EdgeServer

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-edge-'))
    frontend = await startMock({ ttftMs: 1, itlMs: 1, tokens: 4 })
    server = await startEdgeServer({ port: Number(new URL(frontend.url).port) })
    await writeFile(join(folder, 'kubeconfig.yaml'), kubeconfig(server.url))
  })
  afterEach(() => {
    server.calls.splice(0)
    server.objects.clear()
    server.refuse.clear()
  })
  after(async () => {
    await server.close()
    await frontend[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function deployer(more: Partial<KubernetesConfig> = {}, manifest = v1alpha1) {
    const file = join(folder, 'm.yaml')
    await writeFile(file, manifest)
    const config: KubernetesConfig = {
      manifest: file,
      services: {},
      kubeconfig: join(folder, 'kubeconfig.yaml'),
      on_exit: 'restore',
      ready_timeout: 10,
      ...more,
    }
    return kubernetesDeployer(config, { model: 'm', runFolder: join(folder, 'run') })
  }

  const readyFrontend = {
    metadata: { name: 'front-0', labels: { 'nvidia.com/dynamo-component-type': 'frontend' } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }
  const applied = (kind: string) =>
    server.calls.filter(({ method, path }) => method === 'PATCH' && path.includes(`/${kind}/`))

  test('engine ConfigMaps are made before the graph that mounts them, and deleted after it', async () => {
    const made = await deployer({ url: frontend.url })
    const wanted = deployment(disaggregated(1, 1), { decode: { max_batch_size: 64 } })
    await made.reconcile(wanted, context())
    await made.close()
    const names = server.calls
      .filter(({ method }) => method === 'PATCH' || method === 'DELETE')
      .map(({ method, path, query }) => [
        method,
        path
          .split('/')
          .at(-1)
          ?.replace(/[0-9a-f]{8}$/, 'HASH'),
        query.fieldManager,
      ])
    assert.deepEqual(names, [
      ['PATCH', 'decode-engine-fulcrum-HASH', 'fulcrum-manifest'],
      ['PATCH', 'decode-engine', 'fulcrum-manifest'],
      ['PATCH', 'graph', 'fulcrum-manifest'],
      ['PATCH', 'graph', 'fulcrum'],
      ['DELETE', 'graph', undefined],
      ['DELETE', 'graph', undefined],
      ['DELETE', 'decode-engine', undefined],
      ['DELETE', 'decode-engine-fulcrum-HASH', undefined],
    ])
    const [configMap] = applied('configmaps')
    assert.equal(parse(String(readAt(configMap?.body, ['data', 'decode.yaml']))).max_batch_size, 64)
    assert.equal(readAt(configMap?.body, ['metadata', 'labels', 'app.kubernetes.io/managed-by']), 'fulcrum')
    assert.equal(server.objects.size, 0)
  })

  test('a dry run prints the very body that is applied, and the run keeps it', async () => {
    const made = await deployer({ url: frontend.url })
    const wanted = deployment(disaggregated(2, 1), { decode: { max_batch_size: 64 } })
    const { files, commands } = made.preview(null, wanted)
    await made.reconcile(wanted, context())
    await made.close()
    const documents = parseAllDocuments(files[0]?.content ?? '').map(document => document.toJS())
    assert.deepEqual(documents, [applied('configmaps')[0]?.body, applied('dynamographdeployments').at(-1)?.body])
    assert.equal(await readFile(files[0]?.path ?? '', 'utf8'), files[0]?.content)
    assert.deepEqual(
      commands.map(({ argv }) => argv.find(word => word.startsWith('--field-manager'))),
      ['--field-manager=fulcrum-manifest', '--field-manager=fulcrum'],
    )
    assert.ok((await readdir(join(folder, 'run/deploy'))).length > 0)
  })

  test('a setting that a later deployment does not have goes back to the manifest’s own', async () => {
    const made = await deployer({ url: frontend.url })
    await made.reconcile(deployment(disaggregated(1, 1), { decode: { max_batch_size: 64 } }), context())
    const done = await made.reconcile(deployment(disaggregated(1, 1)), context())
    const body = applied('dynamographdeployments').at(-1)?.body
    const volumes = readAt(body, ['spec', 'services', 'decode', 'extraPodSpec', 'volumes'])
    assert.deepEqual(readAt(volumes, [{ name: 'engine' }, 'configMap', 'name']), 'decode-engine')
    assert.deepEqual([done.workersStarted, done.workersStopped], [1, 1])
    await made.close()
  })

  test('requests reach a ready frontend pod through a port-forward', async () => {
    server.objects.set(podsPath, { items: [{ ...readyFrontend, status: {} }, readyFrontend] })
    await frontend.reset()
    const made = await deployer()
    const { endpoint } = await made.reconcile(deployment(disaggregated(1, 2)), context())
    assert.match(endpoint.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    const forwards = server.calls.filter(({ method }) => method === 'UPGRADE')
    assert.deepEqual([...new Set(forwards.map(({ path }) => path))], [`${podsPath}/front-0/portforward`])
    // As many completions as the largest pool has workers.
    assert.equal(forwards.length, 2)
    await made.close()
    await assert.rejects(fetch(endpoint.url), /fetch failed/)
  })

  const worker = (name: string, component: string) => ({
    metadata: { name, labels: { 'nvidia.com/dynamo-component': component } },
    spec: { containers: [{ ports: [{ name: 'system', containerPort: 9191 }] }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  })
  const forwardedTo = () =>
    server.calls.filter(({ method }) => method === 'UPGRADE').map(({ path }) => path.split('/').at(-2))
  /** The answer of a page, on a connection of its own. */
  const ask = (url: string | undefined) => fetch(url ?? '', { headers: { connection: 'close' } })

  test('each worker’s metrics page leads to a pod of its own', async () => {
    const pods = [worker('dec-1', 'decode'), worker('dec-0', 'decode'), worker('pre-0', 'prefill')]
    server.objects.set(podsPath, { items: [...pods, readyFrontend] } as never)
    const made = await deployer({ url: frontend.url })
    const { endpoint } = await made.reconcile(deployment(disaggregated(1, 2)), context())
    assert.deepEqual(Object.keys(endpoint.metricsUrls), ['frontend', 'prefill-0', 'decode-0', 'decode-1'])
    for (const source of ['decode-0', 'decode-1', 'prefill-0']) await ask(endpoint.metricsUrls[source])
    assert.deepEqual(forwardedTo(), ['dec-0', 'dec-1', 'pre-0'])
    await made.close()
    await assert.rejects(fetch(endpoint.metricsUrls['decode-0'] ?? ''), /fetch failed/)
  })

  test('a pod that is replaced gives its page to the one that follows', async () => {
    server.objects.set(podsPath, { items: [worker('dec-0', 'decode'), worker('dec-1', 'decode')] } as never)
    const made = await deployer({ url: frontend.url })
    const { endpoint } = await made.reconcile(deployment(disaggregated(1, 2)), context())
    const pages = [endpoint.metricsUrls['decode-0'], endpoint.metricsUrls['decode-1']]
    for (const page of pages) await ask(page)
    server.objects.set(podsPath, { items: [worker('dec-1', 'decode'), worker('dec-2', 'decode')] } as never)
    for (const page of pages) await ask(page)
    assert.deepEqual(forwardedTo(), ['dec-0', 'dec-1', 'dec-2', 'dec-1'])
    await made.close()
  })

  test('a page without a pod fails the scrape with the reason, not the deployment', async () => {
    server.objects.set(podsPath, { items: [] })
    const made = await deployer({ url: frontend.url })
    const { endpoint } = await made.reconcile(deployment(disaggregated(1, 1)), context())
    const page = await readPage(endpoint.metricsUrls['decode-0'] ?? '', endpoint)
    assert.deepEqual(page, { why: 'no ready pod of decode without another metrics page', isAbsent: false })
    await made.close()
  })

  test('without a ready frontend pod a deployment is late, not hanging', async () => {
    server.objects.set(podsPath, { items: [] })
    const made = await deployer({ ready_timeout: 2 })
    await assert.rejects(made.reconcile(deployment(disaggregated(1, 1)), context()), {
      code: 'deployment-not-ready',
      message: /its workers are available, but no completion/,
    })
    await made.close()
  })

  test('a late deployment says which pods do not run, and why', async () => {
    const pod = (name: string, status: object) => ({ metadata: { name }, status })
    const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/3 nodes have free GPUs' }
    server.objects.set(podsPath, {
      items: [
        pod('a', { conditions: [unscheduled] }),
        pod('b', { containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } }, restartCount: 0 }] }),
        pod('c', {
          containerStatuses: [
            {
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { reason: 'OOMKilled' } },
              restartCount: 3,
            },
          ],
        }),
        readyFrontend,
      ],
    } as never)
    const made = await deployer({ ready_timeout: 5 }, v1alpha1.replace('name: graph', 'name: late'))
    await assert.rejects(made.reconcile(deployment(disaggregated(1, 1)), context()), {
      code: 'deployment-not-ready',
      message:
        /reports no replicas of prefill[\s\S]*\n {2}a is not scheduled: 0\/3 nodes have free GPUs\n {2}b ImagePullBackOff\n {2}c CrashLoopBackOff \(last ended: OOMKilled\), restarted 3 times$/,
    })
    await made.close()
  })

  test('a ConfigMap that is not the manifest’s is refused by field and owner', async () => {
    const path = '/api/v1/namespaces/llm/configmaps/decode-engine'
    server.objects.set(path, { metadata: { name: 'decode-engine' } })
    const cause = {
      reason: 'FieldManagerConflict',
      message: 'conflict with "kubectl" using v1',
      field: '.data.decode.yaml',
    }
    server.refuse.set(path, { status: 409, message: 'conflict', details: { causes: [cause] } })
    const made = await deployer({ url: frontend.url })
    await assert.rejects(made.reconcile(deployment(disaggregated(1, 1)), context()), {
      kind: 'bad-input',
      code: 'manifest-differs',
      message:
        /m\.yaml:2:1: ConfigMap decode-engine is in the cluster with another \.data\.decode\.yaml \(set by kubectl\)$/,
    })
    await made.close()
    assert.equal(server.objects.get(path)?.data, undefined)
  })

  test('a missing permission is told with the server’s words, and where the role is written', async () => {
    server.refuse.set('/apis/nvidia.com/v1alpha1/namespaces/llm/dynamographdeployments/graph', {
      status: 403,
      message: 'User "x" cannot get resource "dynamographdeployments"',
    })
    const made = await deployer()
    await assert.rejects(made.reconcile(deployment(disaggregated(1, 1)), context()), {
      kind: 'environment',
      code: 'kubernetes-forbidden',
      message: 'User "x" cannot get resource "dynamographdeployments"',
      remedy: /docs\/how-to\/kubernetes\.md/,
    })
    await made.close()
  })
})

describe('which cluster', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-kubeconfig-'))
    await writeFile(join(folder, 'k.yaml'), kubeconfig('http://127.0.0.1:9'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('an unknown context is refused with those that there are', async () => {
    await assert.rejects(openCluster({ kubeconfig: join(folder, 'k.yaml'), context: 'there' }), {
      kind: 'bad-input',
      code: 'no-such-context',
      remedy: 'It has: here.',
    })
  })

  test('a kubeconfig that can’t be read is refused', async () => {
    await assert.rejects(openCluster({ kubeconfig: join(folder, 'none.yaml') }), { code: 'kubeconfig-unreadable' })
  })

  test('an API server that is not there is said to be, without the token', async () => {
    const cluster = await openCluster({ kubeconfig: join(folder, 'k.yaml') })
    await assert.rejects(cluster.get('/api/v1', AbortSignal.timeout(5_000)), (error: Error) => {
      assert.match(error.message, /The API server does not answer/)
      assert.doesNotMatch(JSON.stringify(error), /secret-token/)
      return true
    })
  })
})
