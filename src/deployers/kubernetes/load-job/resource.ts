import type { Json } from '../../../model/index.ts'
import type { JsonObject } from '../fields.ts'
import type { JobShards } from './defaults.ts'

/** Port of a pod's own loopback that its shard listens on. */
export const shardPort = 7946

/** Labels of every load Job, by which leftovers are found. */
export const loadLabels: JsonObject = {
  'app.kubernetes.io/managed-by': 'fulcrum',
  'app.kubernetes.io/component': 'load',
}

/** Who made a Job: the Fulcrum process, so that a later one knows whether it is gone. */
export const ownerAnnotation = 'fulcrum.dev/owner'
/** Its run's folder, for people. */
export const runAnnotation = 'fulcrum.dev/run'

/** A finished Job that nobody deleted goes by itself after so long. */
const keptAfterEndS = 600
const endGraceS = 5
const user = 1000

/** What a Job is made from. */
export interface JobOptions {
  readonly name: string
  readonly shards: JobShards
  readonly owner: Json
  readonly run: string
}

/**
 * The Indexed Job whose pods are the shards. Nothing secret is in it: prompts, and the bearer token in the requests,
 * come over the connection. Pods have no access to the API, no privileges, and spread over nodes as far as they can.
 */
export function loadJob({ name, shards, owner, run }: JobOptions): JsonObject {
  const { count, command, job } = shards
  const labels = { ...loadLabels, 'app.kubernetes.io/instance': name }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels, annotations: { [ownerAnnotation]: JSON.stringify(owner), [runAnnotation]: run } },
    spec: {
      completionMode: 'Indexed',
      completions: count,
      parallelism: count,
      // A pod that was lost is replaced. A Job whose Fulcrum is gone fails pod by pod, and comes to an end by this.
      backoffLimit: count,
      activeDeadlineSeconds: Math.ceil(job.deadlineS),
      ttlSecondsAfterFinished: keptAfterEndS,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: endGraceS,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          ...(Object.keys(job.nodeSelector).length === 0 ? {} : { nodeSelector: job.nodeSelector }),
          ...(job.tolerations.length === 0 ? {} : { tolerations: job.tolerations }),
          ...(job.imagePullSecrets.length === 0
            ? {}
            : { imagePullSecrets: job.imagePullSecrets.map(secret => ({ name: secret })) }),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { 'app.kubernetes.io/instance': name } },
            },
          ],
          securityContext: { runAsNonRoot: true, runAsUser: user, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'shard',
              image: job.image,
              ...(command === undefined ? {} : { command }),
              args: ['shard', '--listen', String(shardPort)],
              ...(Object.keys(job.resources).length === 0 ? {} : { resources: job.resources }),
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              // Its last words are in the pod's status then, which is read anyway.
              terminationMessagePolicy: 'FallbackToLogsOnError',
            },
          ],
        },
      },
    },
  }
}
