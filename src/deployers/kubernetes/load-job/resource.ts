import { defined, type Json, type JsonObject } from '../../../model/index.ts'
import type { JobShards } from './defaults.ts'

/** Port on the pod's loopback on which its shard listens. */
export const shardPort = 7946

/** Labels of every load Job, which also identify leftovers. */
export const loadLabels: JsonObject = {
  'app.kubernetes.io/managed-by': 'fulcrum',
  'app.kubernetes.io/component': 'load',
}

/** Annotation with the Fulcrum process that created the Job. It shows a later Fulcrum whether that process is gone. */
export const ownerAnnotation = 'fulcrum.dev/owner'
/** Annotation with the run's folder, for people. */
export const runAnnotation = 'fulcrum.dev/run'

/** The cluster deletes a finished Job after this time, s. */
const keptAfterEndS = 600
const endGraceS = 5
const user = 1000

/** Input of a Job. */
export interface JobOptions {
  readonly name: string
  readonly shards: JobShards
  readonly owner: Json
  readonly run: string
}

/**
 * The Indexed Job whose pods are the shards. It contains no secrets: prompts, and the bearer token in the requests,
 * come over the connection. Pods have no access to the API and no privileges, and spread over nodes as far as possible.
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
      // Replaces a lost pod. A Job whose Fulcrum is gone fails pod by pod, and ends when this limit is reached.
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
              ...defined({ command }),
              args: ['shard', '--listen', String(shardPort)],
              ...(Object.keys(job.resources).length === 0 ? {} : { resources: job.resources }),
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              // Puts its last output into the pod's status, which is read anyway.
              terminationMessagePolicy: 'FallbackToLogsOnError',
            },
          ],
        },
      },
    },
  }
}
