import type { ShardJob, ShardSettings } from '../../../generators/shards/launch.ts'
import type { DeployConfig } from '../../config.ts'
import { readManifest } from '../check.ts'

/** Shards that are pods of a Job. */
export type JobShards = ShardSettings & { readonly job: ShardJob }

/** The Job with the cluster and the namespace of the deployment, where it doesn't say its own. */
export function besideDeployment(shards: JobShards, deploy: DeployConfig): JobShards {
  if (deploy.with !== 'kubernetes') return shards
  const { job } = shards
  const namespace = job.namespace ?? deploy.namespace ?? readManifest(deploy).manifest.graph.namespace
  // Another kubeconfig has other contexts.
  const { kubeconfig, context } = job.kubeconfig === undefined ? { ...deploy, ...job } : job
  return {
    ...shards,
    job: {
      ...job,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      ...(namespace === undefined ? {} : { namespace }),
    },
  }
}
