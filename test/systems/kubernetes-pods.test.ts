import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import { runSweepFile } from '../../src/commands/run.ts'
import type { Deployer } from '../../src/deployers/deployer.ts'
import type { KubernetesConfig } from '../../src/deployers/kubernetes/config.ts'
import { readAt } from '../../src/deployers/kubernetes/fields.ts'
import { kubernetesDeployer } from '../../src/deployers/kubernetes/kubernetes.ts'
import { metricNamed } from '../../src/engines/index.ts'
import { readRun } from '../../src/journal/index.ts'
import { isJsonObject, type JsonObject } from '../../src/model/index.ts'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { deployment, disaggregated, model, watch } from './dynamo-deployment.ts'
import { allowedToFulcrum, askedByFulcrum, kubeconfigOfFulcrum } from './kubernetes/access.ts'
import { applyAs, type Call, callerOf } from './kubernetes/call.ts'
import { type ControlPlane, noKubernetes, startControlPlane, until } from './kubernetes/control-plane.ts'
import { installDefinitions } from './kubernetes/definitions.ts'
import { mockedGraph, noDynamo, startPlatform } from './kubernetes/dynamo.ts'
import { type Kubelet, startKubelet } from './kubernetes/kubelet.ts'
import { type Operator, startOperator } from './kubernetes/operator.ts'
import { createPodNetwork, noPodNetwork, type PodNetwork } from './kubernetes/pod-network.ts'

const root = join(import.meta.dirname, '../..')
const waiting = metricNamed('waiting')
const limit = () => AbortSignal.timeout(60_000)
const core = '/api/v1/namespaces/llm'
const graphs = '/apis/nvidia.com/v1alpha1/namespaces/llm/dynamographdeployments'

/** A worker that prints the engine settings that it was given, and lives on. */
const printSettings = 'console.log(require("node:fs").readFileSync(process.argv[1],"utf8"));setInterval(()=>{},1e6)'

/** A graph whose decode worker has an engine configuration of its own, from a ConfigMap. */
function configuredGraph(name: string): readonly JsonObject[] {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-engine` },
    data: { 'decode.yaml': 'max_batch_size: 16\n# as measured in May\nmax_num_tokens: 256\n' },
  }
  const decode = {
    image: 'host/node',
    command: [process.execPath, '-e', printSettings],
    args: ['--', '/config/decode.yaml', '--extra-engine-args', '/config/decode.yaml'],
    volumeMounts: [{ name: 'engine', mountPath: '/config' }],
  }
  const volumes = [{ name: 'engine', configMap: { name: `${name}-engine` } }]
  const worker = (role: string, extraPodSpec: JsonObject): JsonObject => ({
    ...{ componentType: 'worker', subComponentType: role, replicas: 1 },
    ...{ resources: { limits: { gpu: '1' } }, extraPodSpec },
  })
  return [configMap, graphOf(name, worker('decode', { mainContainer: decode, volumes }))]
}

/** A graph whose decode pool is `decode`; the others only seem to run. */
function graphOf(name: string, decode: JsonObject): JsonObject {
  const plain = { mainContainer: { image: 'runtime:1' } }
  const prefill = { componentType: 'worker', subComponentType: 'prefill', replicas: 1, extraPodSpec: plain }
  const services = { Frontend: { componentType: 'frontend', replicas: 1, extraPodSpec: plain }, prefill, decode }
  return {
    ...{ apiVersion: 'nvidia.com/v1alpha1', kind: 'DynamoGraphDeployment', metadata: { name } },
    spec: { backendFramework: 'trtllm', services },
  }
}

const decodeOf = (mainContainer: JsonObject, gpu?: string): JsonObject => ({
  ...{ componentType: 'worker', subComponentType: 'decode', replicas: 1, extraPodSpec: { mainContainer } },
  ...(gpu === undefined ? {} : { resources: { limits: { gpu } } }),
})

describe('pods of a graph, on a real control plane', { skip: noKubernetes() || noPodNetwork() }, () => {
  let plane: ControlPlane
  let network: PodNetwork
  let kubelet: Kubelet
  let frontend: MockServer
  let kubeconfig: string
  let asFulcrum: Call
  const operators: Operator[] = []

  before(async () => {
    plane = await startControlPlane()
    network = createPodNetwork()
    kubelet = await startKubelet({ plane, node: 'gpu-1', gpus: 16, network })
    kubeconfig = await kubeconfigOfFulcrum(plane)
    asFulcrum = await callerOf(kubeconfig)
    await installDefinitions(plane.call)
    frontend = await startMock({ ttftMs: 1, itlMs: 1, tokens: 4 })
  })
  afterEach(async () => {
    for (const operator of operators.splice(0)) await operator.close()
  })
  after(async () => {
    await frontend?.[Symbol.asyncDispose]()
    await kubelet?.[Symbol.asyncDispose]()
    network?.[Symbol.dispose]()
    await plane?.[Symbol.asyncDispose]()
  })

  async function deployer(name: string, documents: readonly JsonObject[], readyTimeoutS = 30): Promise<Deployer> {
    const manifest = join(plane.folder, `${name}.yaml`)
    await writeFile(manifest, documents.map(document => stringify(document)).join('---\n'))
    const config: KubernetesConfig = {
      ...{
        manifest,
        services: {},
        kubeconfig,
        url: frontend.url,
        on_exit: 'restore',
        ready_timeout: readyTimeoutS,
      },
    }
    operators.push(await startOperator({ plane, version: 'v1alpha1', name }))
    return kubernetesDeployer(config, { model: model.name, runFolder: join(plane.folder, 'run') })
  }
  const list = async (path: string) => {
    const { items } = await plane.call('GET', path)
    return (Array.isArray(items) ? items : []).filter(isJsonObject)
  }
  const nameOf = (resource: JsonObject | undefined) => String(readAt(resource, ['metadata', 'name']))
  const decodePods = (graph: string) =>
    list(
      `${core}/pods?labelSelector=nvidia.com/dynamo-graph-deployment-name=${graph},nvidia.com/dynamo-component=decode`,
    )

  /** Waits for a deployment that can't come up; resolves with what is said at the deadline. */
  async function failure(name: string, decode: JsonObject, gpus = 1): Promise<string> {
    const held = await deployer(name, [graphOf(name, decode)], 5)
    const wanted = { ...deployment(disaggregated(1, 1)), gpusPerWorker: { prefill: 1, decode: gpus, aggregated: 1 } }
    try {
      await held.reconcile(wanted, watch(limit()))
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : ''
    } finally {
      await held.close()
    }
  }

  test('GPUs that no node has are told in the scheduler’s words', async () => {
    assert.match(
      await failure('greedy', decodeOf({ image: 'runtime:1' }, '64'), 64),
      /\n {2}greedy-decode-\w+-\w+ is not scheduled: 0\/1 nodes are available: 1 Insufficient nvidia\.com\/gpu/,
    )
  })

  test('an image that can’t be pulled is told by pod', async () => {
    assert.match(
      await failure('pulling', decodeOf({ image: 'absent/runtime:1' })),
      /^1P1D was not ready within 5 s: .*\n {2}pulling-decode-\w+-\w+ ImagePullBackOff$/,
    )
  })

  test('a worker that ends again and again is told by pod, with how often', async () => {
    const command = ['false']
    assert.match(
      await failure('crashing', decodeOf({ image: 'host/node', command })),
      /\n {2}crashing-decode-\w+-\w+ CrashLoopBackOff \(last ended: Error\), restarted \d+ times$/,
    )
  })

  test('engine settings reach the worker’s own file by a ConfigMap beside the user’s, and go again', async () => {
    const held = await deployer('configured', configuredGraph('configured'))
    const settingsSeen = async () => {
      const [pod] = (await decodePods('configured')).filter(
        one => readAt(one, ['metadata', 'deletionTimestamp']) === undefined,
      )
      return String((await plane.call('GET', `${core}/pods/${nameOf(pod)}/log`)).text)
    }
    await held.reconcile(deployment(disaggregated(1, 1), { decode: { max_batch_size: 64 } }), watch(limit()))
    await until(async () =>
      /^max_batch_size: 64\n# as measured in May\nmax_num_tokens: 256$/m.test(await settingsSeen()),
    )
    const first = nameOf((await decodePods('configured'))[0])
    const { workersStarted } = await held.reconcile(
      deployment(disaggregated(1, 1), { decode: { max_batch_size: 32 } }),
      watch(limit()),
    )
    assert.equal(workersStarted, 1)
    await until(async () => /^max_batch_size: 32/m.test(await settingsSeen()))
    await until(async () => (await decodePods('configured')).every(pod => nameOf(pod) !== first))
    const own = await plane.call('GET', `${core}/configmaps/configured-engine`)
    assert.match(String(readAt(own, ['data', 'decode.yaml'])), /^max_batch_size: 16/)
    await held.close()
    const left = (await list(`${core}/configmaps`)).map(nameOf)
    assert.deepEqual(
      left,
      ['kube-root-ca.crt'].filter(name => left.includes(name)),
    )
    await assert.rejects(plane.call('GET', `${graphs}/configured`), /HTTP 404/)
  })

  test('a ConfigMap that somebody else has filled is refused by field and owner', async () => {
    const [configMap = {}, graph = {}] = configuredGraph('foreign')
    await applyAs(plane.call, 'kubectl', `${core}/configmaps/foreign-engine`, {
      ...configMap,
      data: { 'decode.yaml': 'max_batch_size: 8\n' },
    })
    const held = await deployer('foreign', [configMap, graph])
    await assert.rejects(held.reconcile(deployment(disaggregated(1, 1)), watch(limit())), {
      kind: 'bad-input',
      code: 'manifest-differs',
      message:
        /foreign\.yaml:1:1: ConfigMap foreign-engine is in the cluster with another \.data\.decode\.yaml \(set by kubectl\)$/,
    })
    await held.close()
    const there = await plane.call('GET', `${core}/configmaps/foreign-engine`)
    assert.equal(readAt(there, ['data', 'decode.yaml']), 'max_batch_size: 8\n')
    await plane.call('DELETE', `${core}/configmaps/foreign-engine`)
  })

  test('a real Dynamo is swept: pods scaled by Kubernetes, load from a Job within, readiness asked through a port-forward', {
    skip: noDynamo(),
  }, async () => {
    await using platform = await startPlatform(plane, network.host)
    const operator = await startOperator({ plane, version: 'v1alpha1', name: 'mocked', env: platform.env })
    operators.push(operator)
    const folder = join(plane.folder, 'sweep')
    await mkdir(folder)
    await writeFile(join(folder, 'mocked.yaml'), stringify(mockedGraph('mocked', { aggregated: true })))
    const sweep = {
      name: 'kubernetes',
      model: model.name,
      deploy: { with: 'kubernetes', manifest: 'mocked.yaml', kubeconfig, ready_timeout: '90s' },
      topologies: ['1P1D', '1P2D', 'agg x1'],
      workloads: ['200/8'],
      load: { concurrency: 4, requests: 16, warmup: 4 },
      generator: {
        name: 'built-in',
        shards: { count: 2, command: [process.execPath, join(root, 'bin/fulcrum.js')], job: { image: 'host/fulcrum' } },
      },
      validity: { cpu_share: 1, send_lateness_p99_ms: 1000, event_loop_delay_p99_ms: 1000, in_flight_share: 0 },
    }
    await writeFile(join(folder, 'sweep.yaml'), stringify(sweep))
    const outcome = await runSweepFile({
      ...{ file: join(folder, 'sweep.yaml'), resultsRoot: join(folder, 'results'), startNew: true },
      signal: AbortSignal.timeout(150_000),
    })
    assert.equal(outcome.outcome, 'complete', outcome.reason)
    const { lines } = await readRun(outcome.folder)
    const results = lines.flatMap(({ event }) => (event.type === 'point' ? [event.result] : []))
    assert.deepEqual(
      results.map(({ measurement }) => [measurement?.requests.completed, measurement?.requests.failed]),
      [
        [16, 0],
        [16, 0],
        [16, 0],
      ],
      results.map(({ reason }) => reason).join('\n'),
    )
    for (const { measurement } of results) assert.equal(measurement?.client.shards?.length, 2)
    // Pods show their workers' metrics through port-forwards; of prefill workers the mocker shows no queue.
    const seen = results.flatMap(({ measurement }) => Object.entries(measurement?.server ?? {}))
    const sourcesWith = (metric: RegExp) =>
      new Set(
        seen.flatMap(([source, metrics]) => (Object.keys(metrics).some(name => metric.test(name)) ? [source] : [])),
      )
    assert.ok(sourcesWith(/^dynamo_component_/).has('prefill-0'), JSON.stringify(results.map(each => each.findings)))
    for (const source of ['decode-0', 'aggregated-0']) assert.ok(sourcesWith(waiting).has(source), source)
    // What serves both is emptied before the others are filled, and the other way round.
    for (const topology of ['1/1', '1/2', '0/0']) assert.ok(operator.seen.includes(topology), topology)
    await assert.rejects(plane.call('GET', `${graphs}/mocked`), /HTTP 404/)
    assert.deepEqual(await list('/apis/batch/v1/namespaces/llm/jobs'), [])
  })

  test('the role of docs/how-to/kubernetes.md is enough for all of this, and holds nothing that is never asked for', {
    skip: noDynamo(),
  }, async () => {
    // Creating by server-side apply is asked for as a patch. Port-forwards need create from Kubernetes 1.35 on.
    const unseen = (right: string) => right.startsWith('create ')
    assert.deepEqual(
      await askedByFulcrum(plane),
      (await allowedToFulcrum()).filter(right => !unseen(right)),
    )
  })

  test('what the role does not allow is refused to Fulcrum', async () => {
    const refused: readonly (readonly [string, string, unknown?])[] = [
      ['GET', `${core}/secrets`],
      ['GET', '/api/v1/namespaces/default/configmaps/any'],
      ['GET', `${core}/configmaps`],
      ['DELETE', `${core}/pods/any`],
      ['POST', `${core}/pods`, { metadata: { name: 'any' } }],
      ['GET', `${core}/pods/any/log`],
      ['POST', `${core}/pods/any/exec?command=sh`],
      ['GET', '/api/v1/nodes'],
      ['GET', '/apis/apps/v1/namespaces/llm/deployments'],
    ]
    for (const [method, path, body] of refused) {
      await assert.rejects(
        asFulcrum(method, path, body),
        /HTTP 403: .*system:serviceaccount:llm:fulcrum\\?" cannot/,
        path,
      )
    }
  })
})
