import type { ShardJob, ShardSettings } from '../../../generators/shards/launch.ts'
import { defined } from '../../../model/index.ts'
import type { ClusterOfDeployment } from '../../define-deployer.ts'

/** Shards that run as pods of a Job. */
export type JobShards = ShardSettings & { readonly job: ShardJob }

/**
 * The Job's settings, completed with the cluster and namespace of the deployment; null if the deployment is not on a
 * cluster.
 */
export function besideDeployment(shards: JobShards, deployment: ClusterOfDeployment | null): JobShards {
  if (deployment === null) return shards
  const { job } = shards
  const namespace = job.namespace ?? deployment.namespace
  // Contexts belong to their kubeconfig.
  const { kubeconfig, context } = job.kubeconfig === undefined ? { ...deployment, ...job } : job
  return {
    ...shards,
    job: {
      ...job,
      ...defined({ kubeconfig, context, namespace }),
    },
  }
}
