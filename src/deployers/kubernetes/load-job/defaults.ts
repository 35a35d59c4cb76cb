import type { ShardJob, ShardSettings } from '../../../generators/shards/launch.ts'
import type { ClusterOfDeployment } from '../../define-deployer.ts'

/** Shards that are pods of a Job. */
export type JobShards = ShardSettings & { readonly job: ShardJob }

/**
 * The Job with the cluster and the namespace of the deployment, where it doesn't say its own; null when that is on no
 * cluster.
 */
export function besideDeployment(shards: JobShards, deployment: ClusterOfDeployment | null): JobShards {
  if (deployment === null) return shards
  const { job } = shards
  const namespace = job.namespace ?? deployment.namespace
  // Another kubeconfig has other contexts.
  const { kubeconfig, context } = job.kubeconfig === undefined ? { ...deployment, ...job } : job
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
