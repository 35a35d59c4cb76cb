import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import { planSweepFile, previewPlan } from '../../src/commands/plan.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import type { Deployer } from '../../src/deployers/deployer.ts'
import type { KubernetesConfig } from '../../src/deployers/kubernetes/config.ts'
import { checkKubernetes } from '../../src/deployers/kubernetes/doctor.ts'
import { readAt, withFields } from '../../src/deployers/kubernetes/fields.ts'
import { kubernetesDeployer } from '../../src/deployers/kubernetes/kubernetes.ts'
import { type Deployment, FulcrumError, type Json, type JsonObject } from '../../src/model/index.ts'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { deployment, disaggregated, model, watch } from './dynamo-deployment.ts'
import { kubeconfigOfFulcrum } from './kubernetes/access.ts'
import { applyAs } from './kubernetes/call.ts'
import { type ControlPlane, noKubernetes, startControlPlane, until } from './kubernetes/control-plane.ts'
import { installDefinitions } from './kubernetes/definitions.ts'
import { type Kubelet, startKubelet } from './kubernetes/kubelet.ts'
import { type Operator, startOperator } from './kubernetes/operator.ts'

const skip = noKubernetes()

const limit = () => AbortSignal.timeout(30_000)
const ratio = (prefill: number, decode: number): Deployment => deployment(disaggregated(prefill, decode))
const path = (name: string, version = 'v1alpha1') =>
  `/apis/nvidia.com/${version}/namespaces/llm/dynamographdeployments/${name}`

/** The graph with its decode pool scaled by an adapter. */
const adapted = (name: string): JsonObject =>
  withFields(graphOf(name), [{ path: ['spec', 'services', 'decode', 'scalingAdapter'], value: { enabled: true } }])

/** A graph with a prefill and a decode pool, as its owner would write it. */
function graphOf(name: string, version: 'v1alpha1' | 'v1beta1' = 'v1alpha1', image = 'runtime:1'): JsonObject {
  const worker = (type: string): JsonObject => ({
    componentType: 'worker',
    subComponentType: type,
    replicas: 1,
    resources: { limits: { gpu: '4' } },
    extraPodSpec: { mainContainer: { image } },
  })
  const spec =
    version === 'v1alpha1'
      ? {
          services: {
            Frontend: { componentType: 'frontend', replicas: 1 },
            prefill: worker('prefill'),
            decode: worker('decode'),
          },
        }
      : { components: ['frontend', 'prefill', 'decode'].map(type => ({ name: type, type, replicas: 1 })) }
  return { apiVersion: `nvidia.com/${version}`, kind: 'DynamoGraphDeployment', metadata: { name }, spec }
}

describe('kubernetes, on a real control plane', { skip }, () => {
  let plane: ControlPlane
  let kubelet: Kubelet
  let frontend: MockServer
  /** As what docs/how-to/kubernetes.md says that Fulcrum has to be allowed, and nothing else. */
  let kubeconfig: string
  const operators: Operator[] = []

  before(async () => {
    plane = await startControlPlane()
    kubelet = await startKubelet({ plane, node: 'gpu-1', gpus: 400 })
    kubeconfig = await kubeconfigOfFulcrum(plane)
    frontend = await startMock({ ttftMs: 1, itlMs: 1, tokens: 4 })
  })
  afterEach(async () => {
    for (const operator of operators.splice(0)) await operator.close()
  })
  after(async () => {
    await frontend?.[Symbol.asyncDispose]()
    await kubelet?.[Symbol.asyncDispose]()
    await plane?.[Symbol.asyncDispose]()
  })

  async function deployer(
    graph: JsonObject,
    more: Partial<KubernetesConfig> = {},
  ): Promise<Deployer & { readonly manifest: string }> {
    const manifest = join(plane.folder, `${readAt(graph, ['metadata', 'name'])}.yaml`)
    await writeFile(manifest, stringify(graph))
    const config: KubernetesConfig = {
      manifest,
      services: {},
      kubeconfig,
      url: frontend.url,
      on_exit: 'restore',
      ready_timeout: 20,
      ...more,
    }
    return { manifest, ...kubernetesDeployer(config, { model: model.name, runFolder: join(plane.folder, 'run') }) }
  }

  async function operator(name: string, version: 'v1alpha1' | 'v1beta1' = 'v1alpha1') {
    const started = await startOperator({ plane, version, name })
    operators.push(started)
    return started
  }

  /** Applies a graph as somebody else. */
  const applyAsOwner = (graph: JsonObject, version = 'v1alpha1') =>
    applyAs(plane.call, 'owner', path(String(readAt(graph, ['metadata', 'name'])), version), graph)
  const graphNow = (name: string, version = 'v1alpha1') => plane.call('GET', path(name, version))
  const isGone = (name: string) => assert.rejects(plane.call('GET', path(name)), /HTTP 404/)
  const replicas = (graph: JsonObject) =>
    ['prefill', 'decode'].map(role => readAt(graph, ['spec', 'services', role, 'replicas']))
  const managers = (graph: JsonObject): readonly Json[] =>
    ((readAt(graph, ['metadata', 'managedFields']) ?? []) as readonly Json[]).map(
      entry => readAt(entry, ['manager']) ?? '',
    )

  test('a cluster without Dynamo is refused by the manifest’s line, and nothing is made', async () => {
    const made = await deployer(graphOf('early'))
    await assert.rejects(made.reconcile(ratio(1, 1), watch(limit())), (error: unknown) => {
      assert.ok(error instanceof FulcrumError)
      assert.equal(error.kind, 'bad-input')
      assert.equal(error.code, 'no-dynamo-crd')
      assert.match(error.message, /early\.yaml:1:1: the cluster https:.* does not know DynamoGraphDeployment/)
      return true
    })
    await made.close()
    await installDefinitions(plane.call)
    await isGone('early')
  })

  test('a ratio sweep really scales, and takes away at the end what it made', async () => {
    const { seen } = await operator('swept', 'v1alpha1')
    const folder = join(plane.folder, 'sweep')
    await mkdir(folder)
    await writeFile(join(folder, 'swept.yaml'), stringify(graphOf('swept')))
    await writeFile(
      join(folder, 'sweep.yaml'),
      stringify({
        name: 'kubernetes',
        model: 'nvidia/DeepSeek-R1-FP4',
        deploy: {
          with: 'kubernetes',
          manifest: 'swept.yaml',
          kubeconfig,
          url: frontend.url,
          ready_timeout: '30s',
        },
        topologies: [{ prefill: [1, 2], decode: [1, 2] }],
        workloads: ['200/8'],
        load: { concurrency: 2, requests: 8, warmup: 2 },
        validity: {
          cpu_share: 1,
          run_queue_share: 1,
          send_lateness_p99_ms: 1000,
          event_loop_delay_p99_ms: 1000,
          in_flight_share: 0,
        },
      }),
    )
    const outcome = await runSweepFile({
      file: join(folder, 'sweep.yaml'),
      resultsRoot: join(folder, 'results'),
      startNew: true,
      signal: AbortSignal.timeout(60_000),
    })
    assert.equal(outcome.outcome, 'complete', outcome.reason)
    assert.equal(outcome.points.missing + outcome.points.failed, 0)
    assert.equal(outcome.points.planned, 4)
    assert.deepEqual([...seen].sort(), ['1/1', '1/2', '2/1', '2/2'])
    await isGone('swept')
  })

  test('a graph that was there is changed in its replicas only, and given back as it was', async () => {
    const before = await applyAsOwner(graphOf('owned'))
    await operator('owned')
    await until(async () => readAt(await graphNow('owned'), ['status', 'state']) === 'successful')
    const held = await deployer(graphOf('owned'))
    const done = await held.reconcile(ratio(2, 3), watch(limit()))
    assert.deepEqual([done.endpoint.url, done.workersStarted, done.workersStopped], [frontend.url, 3, 0])
    const during = await graphNow('owned')
    assert.deepEqual(replicas(during), [2, 3])
    assert.deepEqual(new Set(managers(during)).has('fulcrum'), true)
    const fewer = await held.reconcile(ratio(2, 1), watch(limit()))
    assert.deepEqual([fewer.workersStarted, fewer.workersStopped], [0, 2])
    await held.close()
    const after = await graphNow('owned')
    assert.deepEqual(after.spec, before.spec)
    assert.equal(readAt(after, ['metadata', 'annotations']), undefined)
    assert.equal(managers(after).includes('fulcrum'), false)
    // The owner meets no conflict of a run that is over.
    await plane.call('PATCH', `${path('owned')}?fieldManager=owner`, graphOf('owned'), 'application/apply-patch+yaml')
  })

  test('a deployment that somebody scales away is noticed by a check', async () => {
    await operator('watched', 'v1alpha1')
    const held = await deployer(graphOf('watched'))
    await held.reconcile(ratio(1, 1), watch(limit()))
    assert.deepEqual(await held.check(limit()), [])
    const body = { spec: { services: { decode: { replicas: 2 } } } }
    await plane.call('PATCH', `${path('watched')}?fieldManager=hpa`, body, 'application/merge-patch+json')
    assert.match((await held.check(limit())).join('; '), /not seen the last change|decode has \d of 1 replicas?/)
    await plane.call('DELETE', path('watched'))
    assert.deepEqual(await held.check(limit()), ['watched was deleted'])
    await held.close()
  })

  test('a graph that is not what the manifest says is refused by field and owner, and left alone', async () => {
    const before = await applyAsOwner(graphOf('other', 'v1alpha1', 'runtime:2'))
    const held = await deployer(graphOf('other'))
    await assert.rejects(held.reconcile(ratio(2, 2), watch(limit())), (error: unknown) => {
      assert.ok(error instanceof FulcrumError)
      assert.deepEqual([error.kind, error.code], ['bad-input', 'manifest-differs'])
      assert.match(
        error.message,
        /other\.yaml:1:1: DynamoGraphDeployment other is in the cluster with another \.spec\.services\.\w+\.extraPodSpec.* and 1 more \(set by owner\)/,
      )
      return true
    })
    await held.close()
    assert.deepEqual(await graphNow('other'), before)
  })

  test('what a killed run could not give back is given back by the next one', async () => {
    const before = await applyAsOwner(graphOf('killed'))
    await operator('killed', 'v1alpha1')
    const gpus = { prefill: 8, decode: 4, aggregated: 4 }
    const killed = await deployer(graphOf('killed'))
    await killed.reconcile({ ...ratio(2, 2), gpusPerWorker: gpus }, watch(limit()))
    assert.equal(readAt(await graphNow('killed'), ['spec', 'services', 'prefill', 'resources', 'limits', 'gpu']), '8')
    const next = await deployer(graphOf('killed'))
    await next.reconcile(ratio(1, 2), watch(limit()))
    await next.close()
    assert.deepEqual((await graphNow('killed')).spec, before.spec)
  })

  test('components of the newer shape are scaled by name and given back', async () => {
    const before = await applyAsOwner(graphOf('beta', 'v1beta1'), 'v1beta1')
    const { seen } = await operator('beta', 'v1beta1')
    const held = await deployer(graphOf('beta', 'v1beta1'))
    await held.reconcile(ratio(2, 1), watch(limit()))
    assert.ok(seen.includes('2/1'))
    await held.close()
    assert.deepEqual((await graphNow('beta', 'v1beta1')).spec, before.spec)
  })

  /** Pods of a graph by component, each as the server knows it: the same uid is the same pod. */
  async function podsBy(name: string): Promise<{ readonly [component: string]: readonly Json[] }> {
    const selector = encodeURIComponent(`nvidia.com/dynamo-graph-deployment-name=${name}`)
    const { items } = await plane.call('GET', `/api/v1/namespaces/llm/pods?labelSelector=${selector}`)
    const pods = (items as readonly JsonObject[]).filter(
      pod => readAt(pod, ['metadata', 'deletionTimestamp']) === undefined,
    )
    const grouped = Object.groupBy(pods, pod =>
      String(readAt(pod, ['metadata', 'labels', 'nvidia.com/dynamo-component'])),
    )
    return Object.fromEntries(
      Object.entries(grouped).map(([component, of = []]) => [
        component,
        of.map(pod => readAt(pod, ['metadata', 'uid']) ?? '').sort(),
      ]),
    )
  }
  /** How often the spec of each component's Deployment has changed. */
  async function generations(name: string): Promise<{ readonly [component: string]: Json }> {
    const components = ['frontend', 'prefill', 'decode']
    const found = components.map(async component => {
      const there = await plane.call('GET', `/apis/apps/v1/namespaces/llm/deployments/${name}-${component}`)
      return [component, readAt(there, ['metadata', 'generation']) ?? ''] as const
    })
    return Object.fromEntries(await Promise.all(found))
  }

  describe('variants', () => {
    const changes: { readonly [variant: string]: Partial<KubernetesConfig> } = {
      plain: {},
      kv: { frontend_args: { 'router-mode': 'kv' } },
      spilling: { role_env: { decode: { DYN_KVBM_CPU_CACHE_GB: '4' } } },
      newer: { image: 'runtime:2' },
    }
    const varied = async (graph: JsonObject) => {
      const manifest = join(plane.folder, `${readAt(graph, ['metadata', 'name'])}.yaml`)
      await writeFile(manifest, stringify(graph))
      const config: KubernetesConfig = {
        ...{ manifest, services: {}, kubeconfig, url: frontend.url },
        ...{ on_exit: 'restore', ready_timeout: 20 },
      }
      const configOf = ({ variant = '' }: Deployment) => ({ ...config, ...(changes[variant] ?? assert.fail(variant)) })
      const held = kubernetesDeployer(config, { model: model.name, runFolder: join(plane.folder, 'run'), configOf })
      const become = async (variant: string) => {
        const context = watch(limit())
        const done = await held.reconcile({ ...ratio(1, 1), variant }, context)
        const restarted = context.events.flatMap(event => (event.kind === 'restart' ? [event.what] : []))
        return { ...done, restarted }
      }
      return { ...held, become }
    }

    for (const version of ['v1alpha1', 'v1beta1'] as const) {
      test(`a flag of the frontend changes the frontend alone, and goes again with its variant, in ${version}`, async () => {
        const name = `flag-${version}`
        await operator(name, version)
        const held = await varied(graphOf(name, version))
        await held.become('plain')
        const specOf = async () => (await graphNow(name, version)).spec
        const [pods, before] = [await podsBy(name), await generations(name)]
        const front = version === 'v1alpha1' ? 'Frontend' : 'frontend'

        const kv = await held.become('kv')
        assert.deepEqual([kv.workersStarted, kv.workersStopped, kv.restarted], [0, 0, [front]])
        const [kvPods, kvGenerations] = [await podsBy(name), await generations(name)]
        assert.deepEqual([kvPods.prefill, kvPods.decode], [pods.prefill, pods.decode], 'workers are the same pods')
        assert.notDeepEqual(kvPods[front], pods[front])
        assert.deepEqual(kvGenerations, { ...before, frontend: Number(before.frontend) + 1 })
        const deployed = await plane.call('GET', `/apis/apps/v1/namespaces/llm/deployments/${name}-frontend`)
        const container = readAt(deployed, ['spec', 'template', 'spec', 'containers', { name: 'main' }])
        assert.deepEqual(readAt(container, ['args']), ['-m', 'dynamo.frontend', '--router-mode', 'kv'])

        const spilling = await held.become('spilling')
        assert.deepEqual([spilling.workersStarted, spilling.workersStopped], [1, 1])
        assert.deepEqual(spilling.restarted, [front, 'decode 1 → 1'])
        const spillingPods = await podsBy(name)
        assert.deepEqual(spillingPods.prefill, pods.prefill)
        assert.notDeepEqual(spillingPods.decode, pods.decode)

        const back = await held.become('plain')
        assert.deepEqual(back.restarted, ['decode 1 → 1'])
        assert.doesNotMatch(JSON.stringify(await specOf()), /router-mode|KVBM/)
        assert.deepEqual((await podsBy(name)).prefill, pods.prefill)
        await held.close()
      })
    }

    test('a variant that comes first leaves nothing of itself when the next one comes', async () => {
      await operator('first')
      const held = await varied(graphOf('first'))
      await held.become('kv')
      await held.become('plain')
      assert.doesNotMatch(JSON.stringify((await graphNow('first')).spec), /router-mode|dynamo\.frontend/)
      await held.close()
      await isGone('first')
    })

    test('a graph that was there is given back as it was, whatever the variants added to it', async () => {
      const before = await applyAsOwner(graphOf('lent'))
      await operator('lent')
      const held = await varied(graphOf('lent'))
      await held.become('kv')
      await held.become('newer')
      assert.match(JSON.stringify((await graphNow('lent')).spec), /runtime:2/)
      await held.close()
      assert.deepEqual((await graphNow('lent')).spec, before.spec)
    })

    test('what a killed run made goes on as the manifest is now', async () => {
      await operator('left')
      const killed = await varied(graphOf('left'))
      await killed.become('spilling')
      const next = await varied(graphOf('left', 'v1alpha1', 'runtime:3'))
      await next.become('kv')
      const { spec } = await graphNow('left')
      assert.doesNotMatch(JSON.stringify(spec), /KVBM|runtime:1/)
      assert.match(JSON.stringify(spec), /runtime:3/)
      await next.close()
      await isGone('left')
    })

    test('a sweep of them plans, shows and makes the smallest change', async () => {
      await operator('arms')
      const folder = join(plane.folder, 'arms')
      await mkdir(folder)
      await writeFile(join(folder, 'arms.yaml'), stringify(graphOf('arms')))
      const file = join(folder, 'sweep.yaml')
      await writeFile(
        file,
        stringify({
          name: 'arms',
          model: 'nvidia/DeepSeek-R1-FP4',
          deploy: { with: 'kubernetes', manifest: 'arms.yaml', kubeconfig, url: frontend.url, ready_timeout: '30s' },
          topologies: ['1P1D'],
          variants: {
            plain: {},
            kv: { deploy: { frontend_args: { 'router-mode': 'kv' } } },
            newer: { deploy: { image: 'runtime:2', frontend_args: { 'router-mode': 'kv' } } },
          },
          workloads: ['200/8'],
          load: { concurrency: 2, requests: 8, warmup: 2 },
          validity: {
            cpu_share: 1,
            run_queue_share: 1,
            send_lateness_p99_ms: 1000,
            event_loop_delay_p99_ms: 1000,
            in_flight_share: 0,
          },
        }),
      )
      const planned = await planSweepFile(file, { resultsRoot: folder })
      assert.equal(planned.cost.workersStarted, 4, 'the image restarts both workers, the router none')
      assert.equal(planned.cost.frontendsRestarted, 1)
      const notes = (await previewPlan(planned)).map(({ preview }) => preview.commands.at(-1)?.note ?? '')
      assert.deepEqual(
        notes.map(note => note.split(';')[0]),
        ['+1 prefill, +1 decode', 'replace Frontend', 'replace all prefill, replace all decode'],
      )
      const outcome = await runSweepFile({
        ...{ file, resultsRoot: join(folder, 'results'), startNew: true },
        signal: AbortSignal.timeout(60_000),
      })
      assert.equal(outcome.outcome, 'complete', outcome.reason)
      assert.deepEqual([outcome.points.planned, outcome.points.missing, outcome.points.failed], [3, 0, 0])
      await isGone('arms')
    })
  })

  test('a component with a scaling adapter is scaled through it, never in the graph', async () => {
    await applyAsOwner(adapted('adapted'))
    const { seen } = await operator('adapted')
    const adapter = '/apis/nvidia.com/v1alpha1/namespaces/llm/dynamographdeploymentscalingadapters/adapted-decode'
    await until(async () => (await plane.call('GET', adapter).catch(() => null)) !== null)
    const held = await deployer(adapted('adapted'))
    await held.reconcile(ratio(1, 2), watch(limit()))
    assert.ok(seen.includes('1/2'))
    assert.equal(readAt(await plane.call('GET', adapter), ['spec', 'replicas']), 2)
    const fields = ((await graphNow('adapted')).metadata as JsonObject).managedFields as readonly JsonObject[]
    const ours = fields.find(({ manager }) => manager === 'fulcrum')
    assert.equal(JSON.stringify(ours).includes('f:decode'), false)
    await held.close()
    assert.equal(readAt(await plane.call('GET', adapter), ['spec', 'replicas']), 1)
  })

  test('an adapter that the operator makes for a new graph takes over from the next deployment on', async () => {
    const { seen } = await operator('fresh')
    const held = await deployer(adapted('fresh'))
    await held.reconcile(ratio(1, 2), watch(limit()))
    const adapter = '/apis/nvidia.com/v1alpha1/namespaces/llm/dynamographdeploymentscalingadapters/fresh-decode'
    await until(async () => (await plane.call('GET', adapter).catch(() => null)) !== null)
    await held.reconcile(ratio(2, 3), watch(limit()))
    assert.equal(readAt(await plane.call('GET', adapter), ['spec', 'replicas']), 3)
    assert.equal(seen.at(-1), '2/3')
    await held.close()
    await isGone('fresh')
  })

  test('doctor says whether the cluster would take the manifest, and changes nothing', async () => {
    const doctor = async (graph: JsonObject) => {
      const { manifest } = await deployer(graph)
      const checks = await checkKubernetes({
        ...{ manifest, services: {}, kubeconfig: kubeconfig },
        ...{ on_exit: 'restore', ready_timeout: 1 },
      })
      return checks.map(({ name, ok, detail }) => `${ok ? 'ok' : 'no'} ${name}: ${detail.replace(/.*yaml/, 'FILE')}`)
    }
    const start = ['ok manifest: FILE has frontend: Frontend, prefill: prefill, decode: decode']
    const answers = (lines: readonly string[]) => lines.map(line => line.replace(/https:\S+/, 'URL'))
    assert.deepEqual(answers(await doctor(graphOf('ill'))), [
      ...start,
      'ok cluster: URL answers',
      'ok dynamo: ill in llm would be made',
    ])
    await isGone('ill')
    await applyAsOwner(graphOf('ill', 'v1alpha1', 'runtime:2'))
    assert.match(
      (await doctor(graphOf('ill'))).at(-1) ?? '',
      /^no kubernetes: FILE:1:1: DynamoGraphDeployment ill is in the cluster with another/,
    )
    await plane.call('DELETE', path('ill'))
  })

  test('a deadline says what was still missing, and what was made is taken away', async () => {
    const held = await deployer(graphOf('nobody'), { ready_timeout: 3 })
    const context = watch(limit())
    await assert.rejects(held.reconcile(ratio(1, 1), context), {
      code: 'deployment-not-ready',
      message: /^1P1D was not ready within 3 s: the operator has not reported a generation; .*Ready is not reported/,
    })
    assert.ok(context.events.some(({ kind }) => kind === 'waiting'))
    await held.close()
    await isGone('nobody')
  })

  test('an interrupted wait ends at once and is cleared up', async () => {
    const held = await deployer(graphOf('interrupted'))
    const interrupt = new AbortController()
    const context = watch(interrupt.signal)
    const waiting = held.reconcile(ratio(1, 1), {
      ...context,
      onEvent: event => event.kind === 'waiting' && interrupt.abort(new Error('by hand')),
    })
    await assert.rejects(waiting, /by hand/)
    await held.close()
    await isGone('interrupted')
  })

  test('a graph that is deleted during the wait is said to be', async () => {
    const held = await deployer(graphOf('deleted'))
    const waiting = held.reconcile(ratio(1, 1), {
      ...watch(limit()),
      onEvent: event => event.kind === 'waiting' && plane.call('DELETE', path('deleted')).catch(() => {}),
    })
    await assert.rejects(waiting, { code: 'graph-deleted', message: 'deleted was deleted while 1P1D was brought up' })
    await held.close()
  })

  test('what Dynamo’s own schema refuses is refused with its words', async () => {
    const wrong = { ...graphOf('wrong'), spec: { ...(graphOf('wrong').spec as JsonObject), backendFramework: 'torch' } }
    const held = await deployer(wrong)
    await assert.rejects(held.reconcile(ratio(1, 1), watch(limit())), {
      kind: 'bad-input',
      code: 'manifest-refused',
      message: /backendFramework: Unsupported value: "torch"/,
    })
    await held.close()
    await isGone('wrong')
  })

  test('keep leaves a graph as the last deployment made it, and delete takes even one that was there', async () => {
    await applyAsOwner(graphOf('kept'))
    await operator('kept', 'v1alpha1')
    const keeping = await deployer(graphOf('kept'), { on_exit: 'keep' })
    await keeping.reconcile(ratio(2, 1), watch(limit()))
    await keeping.close()
    assert.deepEqual(replicas(await graphNow('kept')), [2, 1])
    const deleting = await deployer(graphOf('kept'), { on_exit: 'delete' })
    await deleting.reconcile(ratio(1, 1), watch(limit()))
    await deleting.close()
    await isGone('kept')
  })

  // Last: a garbage collector learns of new kinds every 30 s, and these tests wait for pods to go with their graph.
  describe('a worker on several nodes', () => {
    const nodesOf = (graph: JsonObject) =>
      ['prefill', 'decode'].map(role => readAt(graph, ['spec', 'services', role, 'multinode', 'nodeCount']) ?? 1)
    const gpusOf = (graph: JsonObject) =>
      ['prefill', 'decode'].map(role => readAt(graph, ['spec', 'services', role, 'resources', 'limits', 'gpu']))

    test('is an axis of a sweep: the graph is made anew for each number of nodes, in the fewest times', async () => {
      await operator('wide')
      const folder = join(plane.folder, 'wide')
      await mkdir(folder)
      const command = { command: ['python3', '-m', 'dynamo.vllm'], args: ['--model', 'm'] }
      const graph = withFields(
        graphOf('wide'),
        ['prefill', 'decode'].map(role => ({
          path: ['spec', 'services', role, 'extraPodSpec', 'mainContainer'],
          value: { image: 'runtime:1', ...command },
        })),
      )
      await writeFile(join(folder, 'wide.yaml'), stringify(graph))
      const file = join(folder, 'sweep.yaml')
      await writeFile(
        file,
        stringify({
          name: 'wide',
          model: 'nvidia/DeepSeek-R1-FP4',
          deploy: { with: 'kubernetes', manifest: 'wide.yaml', kubeconfig, url: frontend.url, ready_timeout: '30s' },
          topologies: ['1P1D', '1P2D'],
          engine: { decode: { nodes_per_worker: [1, 2] } },
          workloads: ['200/8'],
          load: { concurrency: 2, requests: 8, warmup: 2 },
          validity: {
            cpu_share: 1,
            run_queue_share: 1,
            send_lateness_p99_ms: 1000,
            event_loop_delay_p99_ms: 1000,
            in_flight_share: 0,
          },
        }),
      )
      const planned = await planSweepFile(file, { resultsRoot: folder })
      const of = planned.deployments.map(({ deployment: { gpusPerWorker } }) => gpusPerWorker.decode)
      assert.deepEqual(of.toSorted(), [4, 4, 8, 8], 'a worker holds the GPUs of all of its pods')
      assert.equal(planned.cost.workersStarted, 6, 'prefill workers start anew with the graph')
      const previews = await previewPlan(planned)
      const deletes = previews.map(
        ({ preview }) => preview.commands.filter(({ argv }) => argv.includes('delete')).length,
      )
      assert.deepEqual(deletes, [0, 0, 1, 0])
      const outcome = await runSweepFile({
        ...{ file, resultsRoot: join(folder, 'results'), startNew: true },
        signal: AbortSignal.timeout(90_000),
      })
      assert.equal(outcome.outcome, 'complete', outcome.reason)
      assert.deepEqual([outcome.points.planned, outcome.points.missing, outcome.points.failed], [4, 0, 0])
      await isGone('wide')
    })

    for (const version of ['v1alpha1', 'v1beta1'] as const) {
      test(`has so many pods from the start, and gives its nodes back with its graph, in ${version}`, async () => {
        const name = `nodes-${version}`
        await operator(name, version)
        const graph =
          version === 'v1alpha1'
            ? graphOf(name)
            : withFields(
                graphOf(name, version),
                ['prefill', 'decode'].map(role => ({
                  path: ['spec', 'components', { name: role }, 'podTemplate'],
                  value: { spec: { containers: [{ name: 'main', command: ['python3', '-m', 'dynamo.vllm'] }] } },
                })),
              )
        const held = await deployer(graph)
        const wide = (nodes: number): Deployment => ({
          ...deployment(disaggregated(1, 1), { decode: { nodes_per_worker: nodes } }),
          gpusPerWorker: { prefill: 4, decode: 4 * nodes, aggregated: 4 },
        })
        const decodePods = async () => (await podsBy(name)).decode?.length
        await held.reconcile(wide(2), watch(limit()))
        assert.equal(await decodePods(), 2)
        const first = await graphNow(name, version)
        if (version === 'v1alpha1') {
          assert.deepEqual(
            [nodesOf(first), gpusOf(first)],
            [
              [1, 2],
              ['4', '4'],
            ],
          )
        }
        const context = watch(limit())
        const { workersStarted, workersStopped } = await held.reconcile(wide(3), context)
        assert.deepEqual([workersStarted, workersStopped], [2, 2], 'the prefill worker goes with the graph')
        assert.equal(await decodePods(), 3)
        const second = await graphNow(name, version)
        assert.notEqual(readAt(second, ['metadata', 'uid']), readAt(first, ['metadata', 'uid']))
        await held.reconcile(wide(1), watch(limit()))
        assert.equal(await decodePods(), 1)
        assert.doesNotMatch(JSON.stringify((await graphNow(name, version)).spec), /nodeCount/)
        await held.close()
        await isGone(name)
      })
    }

    test('is refused for a graph that somebody else made, by the manifest’s line, and the graph is left alone', async () => {
      const before = await applyAsOwner(graphOf('theirs'))
      const held = await deployer(graphOf('theirs'))
      const wide = deployment(disaggregated(1, 1), { decode: { nodes_per_worker: 2 } })
      await assert.rejects(held.reconcile(wide, watch(limit())), {
        kind: 'bad-input',
        code: 'nodes-fixed',
        message: /theirs\.yaml:\d+:\d+: a worker of decode has 1 pod in the cluster, and this deployment needs 2/,
      })
      await held.close()
      assert.deepEqual(await graphNow('theirs'), before)
    })
  })

  describe('rules of Dynamo’s own definition', () => {
    const withRule = (name: string, key: string, value: Json) =>
      withFields(graphOf(name, 'v1beta1'), [{ path: ['spec', 'components', { name: 'decode' }, key], value }])
    const apply = (graph: JsonObject) => applyAsOwner(graph, 'v1beta1')
    const tell = async (graph: JsonObject) => {
      const held = await deployer(graph)
      const refused = await held.reconcile(ratio(1, 1), watch(limit())).catch((error: unknown) => error)
      await held.close()
      return refused instanceof FulcrumError ? `${refused.code}: ${refused.message}` : 'taken'
    }

    test('on minAvailable are told as the API server means them, before anything is applied', async () => {
      const graph = withRule('least', 'minAvailable', 2)
      await assert.rejects(apply(graph), /minAvailable must be less than or equal to replicas unless replicas is 0/)
      assert.match(await tell(graph), /^manifest-misfit: .*decode has minAvailable 2, more than the 1 worker of a top/)
      await isGone('least')
      const enough = withFields(graph, [{ path: ['spec', 'components', { name: 'decode' }, 'replicas'], value: 2 }])
      await apply(enough)
      const changed = withFields(enough, [
        { path: ['spec', 'components', { name: 'decode' }, 'minAvailable'], value: 1 },
      ])
      await assert.rejects(apply(changed), /minAvailable is immutable after creation/)
      await plane.call('DELETE', path('least', 'v1beta1'))
    })

    test('keep the number of nodes of a component, as Fulcrum takes for granted', async () => {
      const one = withRule('fixed', 'replicas', 1)
      await apply(one)
      const two = withRule('fixed', 'multinode', { nodeCount: 2 })
      await assert.rejects(apply(two), /cannot change node topology/)
      await plane.call('DELETE', path('fixed', 'v1beta1'))
    })

    test('let GPUs that the operator counts otherwise end the run, for figures per GPU would be wrong', async () => {
      operators.push(await startOperator({ plane, version: 'v1alpha1', name: 'counted', sidecarGpus: 12 }))
      const held = await deployer(graphOf('counted'))
      await assert.rejects(held.reconcile(ratio(1, 1), watch(limit())), {
        code: 'gpus-differ',
        message: /operator counts 16 GPUs for a worker of prefill, and this sweep counts 4/,
      })
      await held.close()
    })
  })
})
