import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { isJsonObject, type JsonObject } from '../../../src/model/index.ts'
import type { ControlPlane } from './control-plane.ts'
import { type KubeletServer, startKubeletServer } from './kubelet-server.ts'
import type { PodNetwork } from './pod-network.ts'
import { nameOf, type RunningPod, startPod } from './running-pod.ts'

/**
 * A node with a small kubelet of the test's own: runs pods' commands as processes of this machine, or only says that
 * they run.
 */
export interface Kubelet extends AsyncDisposable {
  readonly node: string
}

export interface KubeletOptions {
  readonly plane: ControlPlane
  readonly node: string
  readonly gpus: number
  /** For pods that aren't on the host's network; without it they are all. */
  readonly network?: PodNetwork
  /** Names beside those of services. */
  readonly names?: ReadonlyMap<string, string>
}

const lookEveryMs = 100

/** Registers the node and runs the pods that the scheduler gives it. */
export async function startKubelet({ plane, node, gpus, network, names: given }: KubeletOptions): Promise<Kubelet> {
  const { call } = plane
  const folder = join(plane.folder, node)
  await mkdir(folder, { recursive: true })
  const pods = new Map<string, RunningPod>()
  const byName = (namespace: string, name: string) =>
    [...pods.values()].find(({ pod }) => nameOf(pod) === name && readAt(pod, ['metadata', 'namespace']) === namespace)
  const server: KubeletServer = await startKubeletServer(plane.certificate, byName)
  const counts = { cpu: '64', memory: '256Gi', pods: '110', 'nvidia.com/gpu': String(gpus) }
  await call('POST', '/api/v1/nodes', { metadata: { name: node, labels: { 'kubernetes.io/hostname': node } } })
  await call(
    'PATCH',
    `/api/v1/nodes/${node}/status`,
    {
      status: {
        capacity: counts,
        allocatable: counts,
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: server.port } },
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
      },
    },
    'application/merge-patch+json',
  )
  // The taint of a node that nobody has heard of yet.
  await call('PATCH', `/api/v1/nodes/${node}`, { spec: { taints: null } }, 'application/merge-patch+json')

  /** Services by the address of a pod behind each, as they are now. */
  async function names(): Promise<ReadonlyMap<string, string>> {
    const { items } = await call('GET', '/api/v1/services')
    const found = new Map(given)
    for (const service of (Array.isArray(items) ? items : []).filter(isJsonObject)) {
      const selector = readAt(service, ['spec', 'selector'])
      const behind = [...pods.values()].find(({ pod }) =>
        Object.entries(isJsonObject(selector) ? selector : { none: '' }).every(
          ([label, value]) => readAt(pod, ['metadata', 'labels', label]) === value,
        ),
      )
      const ip = behind?.address()?.ip
      if (ip !== undefined) found.set(`${nameOf(service)}.${readAt(service, ['metadata', 'namespace'])}.svc`, ip)
    }
    return found
  }

  const ending = new AbortController()
  const look = async () => {
    const list = await call('GET', `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`)
    const items = (Array.isArray(list.items) ? list.items : []).filter(isJsonObject)
    const uids = new Set(items.map(uidOf))
    for (const [uid, running] of pods) {
      if (!uids.has(uid)) {
        pods.delete(uid)
        void running.stop()
      }
    }
    for (const pod of items) {
      const running = pods.get(uidOf(pod))
      const leaving = readAt(pod, ['metadata', 'deletionTimestamp']) !== undefined
      if (running === undefined && !leaving) pods.set(uidOf(pod), startPod(pod, { plane, folder, network, names }))
      else if (leaving) void remove(pod, running)
    }
  }
  const removing = new Set<string>()
  async function remove(pod: JsonObject, running: RunningPod | undefined): Promise<void> {
    const uid = uidOf(pod)
    if (removing.has(uid)) return
    removing.add(uid)
    await running?.stop()
    pods.delete(uid)
    const path = `/api/v1/namespaces/${readAt(pod, ['metadata', 'namespace'])}/pods/${nameOf(pod)}`
    await call('DELETE', path, { gracePeriodSeconds: 0, preconditions: { uid } }).catch(() => {})
  }
  const following = (async () => {
    while (!ending.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!ending.signal.aborted) console.error(error)
      })
      await sleep(lookEveryMs)
    }
  })()
  return {
    node,
    [Symbol.asyncDispose]: async () => {
      ending.abort()
      await following
      await Promise.all([...pods.values()].map(pod => pod.stop()))
      await server.close()
    },
  }
}

const uidOf = (pod: JsonObject) => String(readAt(pod, ['metadata', 'uid']))
