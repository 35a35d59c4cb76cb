import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../src/model/index.ts'
import { type RunningProcess, startProcess } from '../../../src/process/process.ts'
import type { ControlPlane } from './control-plane.ts'
import type { PodAddress, PodNetwork } from './pod-network.ts'

/** A pod on the test's node. */
export interface RunningPod {
  readonly pod: JsonObject
  /** Null for pods on the host's network. */
  address(): PodAddress | null
  log(): readonly string[]
  /** Ends its process; resolves when it is gone. */
  stop(): Promise<void>
}

export interface PodParts {
  readonly plane: ControlPlane
  readonly folder: string
  readonly network: PodNetwork | undefined
  /** What pods know services by. */
  names(): Promise<ReadonlyMap<string, string>>
}

/**
 * Images say what becomes of a pod: `host/…` runs its command here, `absent/…` can't be pulled, all others only seem to
 * run.
 */
const runs = /^host\//
const isAbsent = /^absent\//
/**
 * A crashed container waits a little before it is started again, and is said to be in a crash loop from the second
 * crash on.
 */
const backOffMs = 300
/** What lives so long is ready: there are no probes. */
const aliveMs = 400

export const nameOf = (resource: JsonObject): string => String(readAt(resource, ['metadata', 'name']))

export function startPod(pod: JsonObject, parts: PodParts): RunningPod {
  const container = objects(readAt(pod, ['spec', 'containers']))[0] ?? {}
  const image = String(container.image)
  const path = `/api/v1/namespaces/${readAt(pod, ['metadata', 'namespace'])}/pods/${nameOf(pod)}/status`
  const graceMs = 1000 * Number(readAt(pod, ['spec', 'terminationGracePeriodSeconds']) ?? 30)
  const stopping = new AbortController()
  let process: RunningProcess | null = null
  let address: PodAddress | null = null
  let restarts = 0
  let last: JsonObject = {}

  const tell = (phase: string, ready: boolean, state: JsonObject) => {
    const status = {
      phase,
      podIP: address?.ip ?? '127.0.0.1',
      podIPs: [{ ip: address?.ip ?? '127.0.0.1' }],
      hostIP: '127.0.0.1',
      startTime: now(),
      conditions: ['Initialized', 'Ready', 'ContainersReady'].map(type => ({
        type,
        status: ready || type === 'Initialized' ? 'True' : 'False',
        lastTransitionTime: now(),
      })),
      containerStatuses: [
        { name: container.name, image, imageID: '', ready, restartCount: restarts, state, lastState: last },
      ],
    }
    return parts.plane
      .call('PATCH', path, { status }, 'application/strategic-merge-patch+json')
      .then(() => {})
      .catch((error: unknown) => {
        if (!stopping.signal.aborted && !String(error).includes('HTTP 404')) console.error(error)
      })
  }
  const running = () => tell('Running', true, { running: { startedAt: now() } })

  async function live(): Promise<void> {
    if (isAbsent.test(image)) {
      await tell('Pending', false, { waiting: { reason: 'ImagePullBackOff', message: `no ${image}` } })
      return
    }
    if (!runs.test(image)) return running()
    if (readAt(pod, ['spec', 'hostNetwork']) !== true) address = parts.network?.join(await parts.names()) ?? null
    const folders = await mountConfigMaps(pod, container, parts)
    while (!stopping.signal.aborted) {
      process = await startProcess(
        {
          name: `${nameOf(pod)}-${restarts}`,
          argv: commandOf(container, folders, address),
          env: envOf(container),
          cwd: parts.folder,
          logFile: join(parts.folder, `${nameOf(pod)}.log`),
        },
        parts.plane.ledger,
      )
      const exited = process.exited
      await Promise.race([exited, sleep(aliveMs)])
      if (process.alive()) await running()
      const { code } = await exited
      if (stopping.signal.aborted) return
      const terminated = {
        exitCode: code ?? 137,
        reason: code === 0 ? 'Completed' : 'Error',
        message: process.lastLines().slice(-3).join('\n'),
        ...{ startedAt: now(), finishedAt: now() },
      }
      if (readAt(pod, ['spec', 'restartPolicy']) === 'Never') {
        await tell(code === 0 ? 'Succeeded' : 'Failed', false, { terminated })
        return
      }
      last = { terminated }
      restarts += 1
      await tell('Running', false, { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } })
      await sleep(backOffMs * restarts)
    }
  }

  const living = live().catch((error: unknown) => console.error(error))
  return {
    pod,
    address: () => address,
    log: () => process?.lastLines() ?? [],
    stop: async () => {
      stopping.abort()
      await process?.stop(graceMs)
      await living
      // Started while it was being stopped.
      await process?.stop(graceMs)
      if (address !== null) parts.network?.leave(address)
    },
  }
}

/** ConfigMaps of its volumes, laid out in folders; by the path that the container sees them at. */
async function mountConfigMaps(pod: JsonObject, container: JsonObject, { plane, folder }: PodParts) {
  const folders = new Map<string, string>()
  for (const mount of objects(container.volumeMounts)) {
    const volume = objects(readAt(pod, ['spec', 'volumes'])).find(({ name }) => name === mount.name)
    const source = readAt(volume, ['configMap', 'name'])
    if (typeof source !== 'string') continue
    const namespace = readAt(pod, ['metadata', 'namespace'])
    const { data } = await plane.call('GET', `/api/v1/namespaces/${namespace}/configmaps/${source}`)
    const place = join(folder, 'volumes', nameOf(pod), String(mount.name))
    await mkdir(place, { recursive: true })
    for (const [key, text] of Object.entries(isJsonObject(data) ? data : {}))
      await writeFile(join(place, key), String(text))
    folders.set(String(mount.mountPath), place)
  }
  return folders
}

/** There is no file system of its own: paths below a mount are written as they are on this machine. */
function commandOf(container: JsonObject, folders: ReadonlyMap<string, string>, address: PodAddress | null) {
  const words = [...strings(container.command), ...strings(container.args)].map(word =>
    [...folders].reduce((text, [mounted, real]) => text.replaceAll(`${mounted}/`, `${real}/`), word),
  )
  const [program = 'false', ...args] = [...(address?.enter ?? []), ...words]
  return [program, ...args] as const
}

function envOf(container: JsonObject): { readonly [name: string]: string } {
  return Object.fromEntries(objects(container.env).map(({ name, value }) => [String(name), String(value ?? '')]))
}

/** Kubernetes' times have no milliseconds. */
const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z')
const objects = (value: Json | undefined) => (Array.isArray(value) ? value : []).filter(isJsonObject)
const strings = (value: Json | undefined) => (Array.isArray(value) ? value : []).map(String)
