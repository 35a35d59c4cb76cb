import { defined, FulcrumError } from '../../../model/index.ts'
import { type Check, missed, noticed, passed } from '../../doctor/check.ts'
import { openCluster } from '../cluster.ts'
import type { JobShards } from './defaults.ts'
import { jobsPath, loadJobs } from './leftovers.ts'
import { loadJob } from './resource.ts'

const limitMs = 10_000

/**
 * Checks that the cluster would accept the Job of a load from this identity, and lists existing Jobs. Changes nothing.
 */
export async function checkLoadJob(shards: JobShards): Promise<readonly Check[]> {
  const { kubeconfig, context, image } = shards.job
  const signal = AbortSignal.timeout(limitMs)
  try {
    const cluster = await openCluster({
      ...defined({ kubeconfig, context }),
    })
    const namespace = shards.job.namespace ?? cluster.namespace
    const name = 'fulcrum-load-check'
    const resource = loadJob({ name, shards, owner: {}, run: '' })
    const asked = { manager: 'fulcrum', force: true, dryRun: true }
    await cluster.apply(`${jobsPath(namespace)}/${name}`, resource, asked, signal)
    const taken = passed('load job', `${namespace} would take a Job of ${shards.count} pods of ${image}`)
    const there = (await loadJobs(cluster, namespace, signal)).map(({ name, since, of, abandoned }) => {
      const what = `${name} in ${namespace} has been sending load since ${since} (${of})`
      const remedy = `To remove it: kubectl -n ${namespace} delete job ${name}`
      return abandoned
        ? missed(
            'load job',
            `${what}, and its Fulcrum is gone`,
            `${remedy}. The next run from this host removes it, too.`,
          )
        : noticed('load job', what, `${remedy}. Two loads at the same time affect each other's figures.`)
    })
    return [taken, ...there]
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    return [missed('load job', error.message, error.remedy ?? 'See docs/how-to/kubernetes.md.')]
  }
}
