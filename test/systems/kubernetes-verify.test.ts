import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseAllDocuments, stringify } from 'yaml'
import { runSweepFile } from '../../src/commands/run.ts'
import { verifyFolder } from '../../src/commands/verify.ts'
import { writeDeployments } from '../../src/commands/write-deployment.ts'
import { readAt } from '../../src/deployers/kubernetes/fields.ts'
import { probe } from '../../src/generators/probe.ts'
import { isJsonObject, type JsonObject } from '../../src/model/index.ts'
import { model } from './dynamo-deployment.ts'
import { kubeconfigOfFulcrum } from './kubernetes/access.ts'
import { applyAs } from './kubernetes/call.ts'
import { type ControlPlane, noKubernetes, startControlPlane, until } from './kubernetes/control-plane.ts'
import { installDefinitions } from './kubernetes/definitions.ts'
import { mockedGraph, noDynamo, startPlatform } from './kubernetes/dynamo.ts'
import { type Kubelet, startKubelet } from './kubernetes/kubelet.ts'
import { startOperator } from './kubernetes/operator.ts'
import { createPodNetwork, noPodNetwork, type PodNetwork } from './kubernetes/pod-network.ts'

const namespace = '/namespaces/llm'
const graphs = `/apis/nvidia.com/v1alpha1${namespace}/dynamographdeployments`

describe('a written deployment on Kubernetes', {
  timeout: 400_000,
  skip: noKubernetes() || noPodNetwork() || noDynamo(),
}, () => {
  let plane: ControlPlane
  let network: PodNetwork
  let kubelet: Kubelet
  before(async () => {
    plane = await startControlPlane()
    network = createPodNetwork()
    kubelet = await startKubelet({ plane, node: 'gpu-1', gpus: 16, network })
    await installDefinitions(plane.call)
  })
  after(async () => {
    await kubelet?.[Symbol.asyncDispose]()
    network?.[Symbol.dispose]()
    await plane?.[Symbol.asyncDispose]()
  })

  /** Address of the running pod of the frontend. */
  async function frontendAddress(): Promise<string | null> {
    const { items } = await plane.call('GET', `/api/v1${namespace}/pods`)
    const [pod] = (Array.isArray(items) ? items : [])
      .filter(isJsonObject)
      .filter(one => String(readAt(one, ['metadata', 'name'])).includes('-frontend-'))
    const ip = readAt(pod, ['status', 'podIP'])
    return readAt(pod, ['status', 'phase']) === 'Running' && typeof ip === 'string' ? ip : null
  }

  test('is accepted by the API server, applied, brought up by the operator, and verified', async () => {
    await using platform = await startPlatform(plane, network.host)
    const operator = await startOperator({ plane, version: 'v1alpha1', name: 'mocked', env: platform.env })
    await using _ = { [Symbol.asyncDispose]: () => operator.close() }
    const folder = join(plane.folder, 'sweep')
    await mkdir(folder)
    await writeFile(join(folder, 'mocked.yaml'), stringify(mockedGraph('mocked')))
    const sweep = {
      name: 'kubernetes',
      model: model.name,
      deploy: {
        ...{ with: 'kubernetes', manifest: 'mocked.yaml', kubeconfig: await kubeconfigOfFulcrum(plane) },
        ready_timeout: '90s',
      },
      topologies: ['1P2D'],
      // The frontend delays first chunks by up to 46 ms. Short answers pile up behind it, and their rate varies fourfold.
      workloads: ['200/64'],
      load: { concurrency: 4, requests: 16, warmup: 4 },
      slo: { ttft_p95_ms: 60_000 },
      repeats: 3,
      validity: {
        ...{ cpu_share: 1, send_lateness_p99_ms: 60_000, event_loop_delay_p99_ms: 60_000, in_flight_share: 0 },
        run_queue_share: 1,
      },
    }
    await writeFile(join(folder, 'sweep.yaml'), stringify(sweep))
    const signal = AbortSignal.timeout(300_000)
    const resultsRoot = join(folder, 'results')
    const swept = await runSweepFile({ file: join(folder, 'sweep.yaml'), resultsRoot, startNew: true, signal })
    assert.equal(swept.outcome, 'complete', swept.reason)
    // The sweep took away what it created.
    await assert.rejects(plane.call('GET', `${graphs}/mocked`), /HTTP 404/)

    const [written] = await writeDeployments({ run: swept.folder, into: join(folder, 'deploy') })
    assert.equal(written?.deployment, '1P2D')
    const text = await readFile(join(written.folder, 'deployment.yaml'), 'utf8')
    const documents = parseAllDocuments(text).map(document => document.toJS() as JsonObject)
    const [graph] = documents
    assert.ok(graph !== undefined && documents.length === 1)
    assert.equal(readAt(graph, ['spec', 'services', 'decode', 'replicas']), 2)
    // As its README tells: the dry run of the server first, which changes nothing.
    await plane.call(
      'PATCH',
      `${graphs}/mocked?fieldManager=kubectl&dryRun=All&fieldValidation=Strict`,
      graph,
      'application/apply-patch+yaml',
    )
    await assert.rejects(plane.call('GET', `${graphs}/mocked`), /HTTP 404/)
    await applyAs(plane.call, 'kubectl', `${graphs}/mocked`, graph)
    let url = ''
    await until(async () => {
      const ip = await frontendAddress()
      url = `http://${ip}:8000`
      const endpoint = { url, model: model.name, dialect: 'dynamo-1', metricsUrls: {} } as const
      const asked = { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000, streaming: true }
      return ip !== null && (await probe(endpoint, asked).catch(() => null)) !== null
    })
    await until(async () => operator.seen.at(-1) === '1/2')

    const [verified] = await verifyFolder({
      ...{ folder: written.folder, resultsRoot, url, signal },
      // A busy machine makes figures worse by more than the usual tenth.
      ...{ tolerance: 2, repeats: 3 },
    })
    assert.equal(verified?.outcome.outcome, 'complete')
    const promises = verified.points.flatMap(point => point.promises)
    assert.ok(promises.length >= 5)
    assert.deepEqual(
      promises.filter(({ verdict }) => verdict === 'not held'),
      [],
    )
    assert.ok(promises.some(({ verdict }) => verdict === 'held'))
    // What the user applied stays.
    assert.equal(readAt(await plane.call('GET', `${graphs}/mocked`), ['spec', 'services', 'decode', 'replicas']), 2)
    await plane.call('DELETE', `${graphs}/mocked`)
  })
})
