import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { readAt } from '../../src/deployers/kubernetes/fields.ts'
import type { JobShards } from '../../src/deployers/kubernetes/load-job/defaults.ts'
import { checkLoadJob } from '../../src/deployers/kubernetes/load-job/doctor.ts'
import { jobLauncher } from '../../src/deployers/kubernetes/load-job/launcher.ts'
import { jobsPath } from '../../src/deployers/kubernetes/load-job/leftovers.ts'
import { loadJob } from '../../src/deployers/kubernetes/load-job/resource.ts'
import type { LoadGenerator } from '../../src/generators/generator.ts'
import { sharded } from '../../src/generators/shards/sharded.ts'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { isJsonObject, type JsonObject } from '../../src/model/index.ts'
import { endpointOf, type PointChanges, pointOf } from '../generators/built-in/setting.ts'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { kubeconfigOfFulcrum } from './kubernetes/access.ts'
import { applyAs } from './kubernetes/call.ts'
import { type ControlPlane, noKubernetes, startControlPlane, until } from './kubernetes/control-plane.ts'
import { type Kubelet, startKubelet } from './kubernetes/kubelet.ts'
import { createPodNetwork, noPodNetwork, type PodNetwork } from './kubernetes/pod-network.ts'

const root = join(import.meta.dirname, '../..')
const jobs = jobsPath('llm')
const podsPath = '/api/v1/namespaces/llm/pods'

describe('load from an Indexed Job, on a real control plane', { skip: noKubernetes() || noPodNetwork() }, () => {
  let plane: ControlPlane
  let network: PodNetwork
  let kubelet: Kubelet
  let server: MockServer
  let kubeconfig: string
  const generators: LoadGenerator[] = []

  before(async () => {
    plane = await startControlPlane()
    network = createPodNetwork()
    const names = new Map([['graph-frontend.llm.svc', network.host]])
    kubelet = await startKubelet({ plane, node: 'load-1', gpus: 0, network, names })
    kubeconfig = await kubeconfigOfFulcrum(plane)
    server = await startMock({ ttftMs: 20, itlMs: 2, tokens: 8 }, network.host)
  })
  afterEach(async () => {
    for (const generator of generators.splice(0)) await generator.close()
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    await kubelet?.[Symbol.asyncDispose]()
    network?.[Symbol.dispose]()
    await plane?.[Symbol.asyncDispose]()
  })

  const shardsOf = (count: number, more: Partial<JobShards['job']> = {}): JobShards => ({
    ...{ count, hosts: [], launcher: 'ssh', launcherArgs: [] },
    command: [process.execPath, join(root, 'bin/fulcrum.js')],
    job: {
      ...{ image: 'host/fulcrum', kubeconfig, resources: {}, nodeSelector: {}, tolerations: [] },
      ...{ imagePullSecrets: [], deadlineS: 600, startTimeoutS: 30, ...more },
    },
  })

  function generatorOf(shards: JobShards): LoadGenerator {
    const runFolder = join(plane.folder, 'run')
    const cacheFolder = join(root, '.cache/test-lexicons')
    const launcher = jobLauncher({ shards, runFolder })
    const generator = sharded({ cacheFolder, runFolder, threads: 1, silentMs: 5000, shards, launcher })
    generators.push(generator)
    return generator
  }

  const measure = (generator: LoadGenerator, changes: PointChanges, onMeasuring = () => {}) =>
    generator.measure(pointOf(changes), endpointOf(server.url), {
      signal: AbortSignal.timeout(60_000),
      folder: join(plane.folder, 'points', 'p'),
      onProgress: ({ phase }) => {
        if (phase === 'measuring') onMeasuring()
      },
    })
  const list = async (path: string) => {
    const { items } = await plane.call('GET', path)
    return (Array.isArray(items) ? items : []).filter(isJsonObject)
  }
  const nameOf = (resource: JsonObject | undefined) => String(readAt(resource, ['metadata', 'name']))

  test('its pods load what they reach by the cluster’s own name, as one process would, and none is left', async () => {
    const port = new URL(server.url).port
    const generator = generatorOf(shardsOf(2, { url: `http://graph-frontend.llm.svc:${port}` }))
    await server.reset()
    const load = { level: { kind: 'concurrency', concurrency: 6 }, requests: 60, warmup: 12, dataset: 72 } as const
    const measurement = await measure(generator, { load })
    assert.deepEqual(measurement.requests, { sent: 60, completed: 60, failed: 0 })
    assert.deepEqual(
      (measurement.remarks ?? []).filter(({ severity }) => severity === 'invalid'),
      [],
    )
    const seen = await server.truth()
    // Some more hold the load until both parts are measured, and never more at once.
    assert.ok(seen.requests >= 72, `${seen.requests}`)
    assert.equal(measurement.warmupRequests, 12)
    assert.equal(seen.maxInFlight, 6)
    const [made] = await list(jobs)
    assert.deepEqual(readAt(made, ['status', 'active']), 2)
    const pods = (await list(podsPath)).map(nameOf).sort()
    assert.deepEqual(
      measurement.client.shards?.map(({ host }) => host.replace(/-[a-z0-9]{5}$/, '')),
      [`pod ${nameOf(made)}-0`, `pod ${nameOf(made)}-1`],
    )
    assert.equal(pods.length, 2)
    await generator.close()
    assert.deepEqual(await list(jobs), [])
    await until(async () => (await list(podsPath)).length === 0)
  })

  test('a pod that is lost under a point makes it invalid by name, and the next point has another in its place', async () => {
    const generator = generatorOf(shardsOf(2))
    const lasting = { load: { requests: undefined, durationS: 3, graceS: 1 } }
    let killed = ''
    const measurement = await measure(generator, lasting, () => {
      if (killed !== '') return
      killed = 'some'
      void list(podsPath).then(async pods => {
        const second = pods.find(
          pod => readAt(pod, ['metadata', 'labels', 'batch.kubernetes.io/job-completion-index']) === '1',
        )
        killed = nameOf(second)
        await plane.call('DELETE', `${podsPath}/${killed}`, { gracePeriodSeconds: 1 })
      })
    })
    const findings = judge(pointOf(lasting), measurement)
    assert.equal(statusOf(findings), 'invalid')
    assert.match(
      findings.find(({ code }) => code === 'shard-lost')?.message ?? '',
      new RegExp(`^shard 1 on pod ${killed} was lost: it closed the connection`),
    )
    // Enough prompts for messages of megabytes.
    const next = await measure(generator, {
      load: { requests: 200, dataset: 200 },
      workload: { isl: { kind: 'fixed', tokens: 6000 } },
    })
    assert.deepEqual(next.requests, { sent: 200, completed: 200, failed: 0 })
    assert.notEqual(next.client.shards?.[1]?.host, `pod ${killed}`)
  })

  test('a load whose image is not there is said to be, in the cluster’s words, and leaves no Job', async () => {
    const generator = generatorOf(shardsOf(1, { image: 'absent/fulcrum', startTimeoutS: 2 }))
    await assert.rejects(measure(generator, {}), {
      kind: 'environment',
      code: 'load-job-not-started',
      message: /^Shard 0 of the load Job did not start within 2 s: fulcrum-load-\w+-0-\w+ ImagePullBackOff$/,
    })
    await generator.close()
    assert.deepEqual(await list(jobs), [])
  })

  test('nodes that no label fits are said to be missing, in the scheduler’s words', async () => {
    const generator = generatorOf(shardsOf(1, { nodeSelector: { pool: 'load' }, startTimeoutS: 2 }))
    await assert.rejects(measure(generator, {}), {
      code: 'load-job-not-started',
      message: /is not scheduled: 0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector/,
    })
  })

  test('a program that ends at once is quoted, and its Job comes to an end', async () => {
    const shards = {
      ...shardsOf(1),
      command: [process.execPath, '-e', 'console.error("no such subcommand");process.exit(2)'],
    }
    await assert.rejects(measure(generatorOf(shards), {}), {
      code: 'load-job-ended',
      message: /^The load Job has ended \(Failed: BackoffLimitExceeded: .*\); shard 0 last said: no such subcommand$/,
    })
  })

  test('a Job of a Fulcrum that is gone is named by doctor, and taken away by the next load from the same host', async () => {
    const { hostname } = await import('node:os')
    const gone = { host: hostname(), pid: 1, startTicks: 1, bootId: 'another', pidNamespace: null }
    const shards = shardsOf(1)
    const stranger = { ...gone, host: 'elsewhere' }
    for (const [name, owner] of [
      ['fulcrum-load-old', gone],
      ['fulcrum-load-other', stranger],
    ] as const) {
      await applyAs(plane.call, 'fulcrum', `${jobs}/${name}`, loadJob({ name, shards, owner, run: '/results/r1' }))
    }
    const checks = await checkLoadJob(shards)
    assert.deepEqual(
      checks.map(({ ok, detail }) => [ok, detail.replace(/since \S+/, 'since T').replace(hostname(), 'HOST')]),
      [
        [true, 'llm would take a Job of 1 pods of host/fulcrum'],
        [
          false,
          'fulcrum-load-old in llm has been sending load since T (HOST, run /results/r1), and its Fulcrum is gone',
        ],
        [true, 'fulcrum-load-other in llm has been sending load since T (elsewhere, run /results/r1)'],
      ],
    )
    const generator = generatorOf(shards)
    await measure(generator, { load: { requests: 4, dataset: 4 } })
    assert.deepEqual(
      (await list(jobs)).map(nameOf).filter(name => /old|other/.test(name)),
      ['fulcrum-load-other'],
    )
    await plane.call('DELETE', `${jobs}/fulcrum-load-other?propagationPolicy=Background`)
  })
})
