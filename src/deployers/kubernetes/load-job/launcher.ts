import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ShardChannel, ShardLauncher } from '../../../generators/shards/launcher.ts'
import { defined, FulcrumError } from '../../../model/index.ts'
import { type Cluster, type ClusterChoice, openCluster } from '../cluster.ts'
import { podTroubles } from '../pods.ts'
import { openPodChannel } from './channel.ts'
import type { JobShards } from './defaults.ts'
import { jobsPath, loadJobs, ownIdentity } from './leftovers.ts'
import { isRunning, jobEnd, lastWords, shardPod } from './pods.ts'
import { loadJob } from './resource.ts'

/** Options for shards in a Job. */
export interface JobLauncherOptions {
  readonly shards: JobShards
  readonly runFolder: string
  /** Opens the cluster; replaceable in tests. */
  readonly open?: (choice: ClusterChoice) => Promise<Cluster>
}

/** The created Job and its path. */
interface MadeJob {
  readonly cluster: Cluster
  readonly namespace: string
  readonly name: string
  readonly path: string
}

const manager = 'fulcrum'
const lookEveryMs = 250
const closeLimitMs = 30_000

/**
 * Runs shards as pods of an Indexed Job, each reached through a port-forward to its loopback. The port-forward carries
 * only prompts, clock exchanges and results. The pods send the load directly to the endpoint.
 */
export function jobLauncher({ shards, runFolder, open = openCluster }: JobLauncherOptions): ShardLauncher {
  const { job } = shards
  const closing = new AbortController()
  let made: Promise<MadeJob> | null = null

  async function make(signal: AbortSignal): Promise<MadeJob> {
    const cluster = await open({
      ...defined({ kubeconfig: job.kubeconfig, context: job.context }),
    })
    const namespace = job.namespace ?? cluster.namespace
    for (const there of await loadJobs(cluster, namespace, signal)) {
      if (there.abandoned) await remove(cluster, there.path, signal)
    }
    const name = `fulcrum-load-${randomBytes(4).toString('hex')}`
    const path = `${jobsPath(namespace)}/${name}`
    const resource = loadJob({ name, shards, owner: await ownIdentity(), run: runFolder })
    await cluster.apply(path, resource, { manager, force: true }, signal)
    return { cluster, namespace, name, path }
  }

  /** The Job. Creates one if none exists or the last attempt failed. */
  function ready(signal: AbortSignal): Promise<MadeJob> {
    if (made !== null) return made
    const making = make(signal)
    made = making
    making.catch(() => {
      if (made === making) made = null
    })
    return making
  }

  return {
    together: true,
    seenFrom: endpoint => ({ ...endpoint, url: job.url ?? endpoint.clusterUrl ?? endpoint.url }),

    open: async (shard, onLine, asked) => {
      const signal = AbortSignal.any([asked, closing.signal])
      const making = ready(signal)
      const mine = await making
      try {
        return await reach(mine, shard, job.startTimeoutS, onLine, signal)
      } catch (error) {
        // A Job that has ended has no more pods, so the next point gets a new one.
        if (error instanceof FulcrumError && error.code === 'load-job-ended' && made === making) {
          made = null
          await remove(mine.cluster, mine.path, AbortSignal.timeout(closeLimitMs)).catch(() => {})
        }
        throw error
      }
    },

    close: async () => {
      closing.abort(new Error('the load Job was closed'))
      const mine = await made?.catch(() => null)
      made = null
      if (mine !== undefined && mine !== null) await remove(mine.cluster, mine.path, AbortSignal.timeout(closeLimitMs))
    },
  }
}

/** Waits for a shard's pod and its first line. */
async function reach(
  { cluster, namespace, name, path }: MadeJob,
  shard: number,
  limitS: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<ShardChannel> {
  const deadline = performance.now() + limitS * 1000
  const where = `Job ${name} in ${namespace} on ${cluster.server}`
  for (let why = 'it has no pod'; ; await sleep(lookEveryMs, undefined, { signal })) {
    const job = await cluster.get(path, signal)
    const pod = await shardPod(cluster, { namespace, name }, shard, signal)
    const words = pod === null ? null : lastWords(pod)
    const end = job === null ? 'it was deleted' : jobEnd(job)
    if (end !== null) {
      const said = words === null ? '' : `; shard ${shard} last said: ${words}`
      throw new FulcrumError('failed', 'load-job-ended', `The load Job has ended (${end})${said}`, {
        where,
        remedy: 'Check its pods. The next point gets a new Job.',
      })
    }
    if (pod !== null && isRunning(pod)) {
      const pods = { cluster, namespace, name: String((pod.metadata as { name?: string }).name) }
      try {
        return await openPodChannel(pods, onLine, signal)
      } catch (error) {
        signal.throwIfAborted()
        why = `nothing answers in its pod: ${error instanceof Error ? error.message : String(error)}`
      }
    } else if (pod !== null) why = podTroubles([pod])[0] ?? 'its pod is not running yet'
    if (performance.now() > deadline) {
      const said = words === null ? '' : `; it last said: ${words}`
      throw new FulcrumError(
        'environment',
        'load-job-not-started',
        `Shard ${shard} of the load Job did not start within ${limitS} s: ${why}${said}`,
        { where, remedy: 'Check the image, node_selector and resources, or raise start_timeout.' },
      )
    }
  }
}

/** The Job and its pods. */
function remove(cluster: Cluster, path: string, signal: AbortSignal): Promise<void> {
  return cluster.delete(`${path}?propagationPolicy=Background`, signal)
}
