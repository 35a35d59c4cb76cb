import { setTimeout as sleep } from 'node:timers/promises'
import { FulcrumError, type JsonObject } from '../../model/index.ts'
import type { DeployContext } from '../deployer.ts'
import { type Deadline, leftMs } from '../readiness.ts'
import type { Cluster } from './cluster.ts'

/** A resource to wait on. */
export interface Awaited {
  readonly cluster: Cluster
  /** Path of its collection, and its name. */
  readonly collection: string
  readonly name: string
  readonly deadline: Deadline
  readonly context: DeployContext
  /** `2P1D`, for messages. */
  readonly label: string
  /** Why it is not ready; empty if it is. */
  judge(resource: JsonObject): readonly string[]
  /** Further reasons for the delay, requested once, at the deadline. */
  explain(): Promise<string>
}

/** A watch is renewed after this time, because a connection may die silently. */
const longestWatchMs = 20_000
const pauseMs = 100

/**
 * Waits until a resource is ready. It reads the resource, watches it, and reads it again, so no change is missed and a
 * broken watch delays only briefly.
 * @throws FulcrumError failed `deployment-not-ready` at the deadline, `graph-deleted`; the signal's reason
 */
export async function untilReady(awaited: Awaited): Promise<JsonObject> {
  const { cluster, collection, name, deadline, context, judge } = awaited
  let why: readonly string[] = []
  for (;;) {
    context.signal.throwIfAborted()
    const left = leftMs(deadline)
    if (left <= 0) throw await late(awaited, why)
    const limit = AbortSignal.any([context.signal, AbortSignal.timeout(Math.ceil(left))])
    const now = await cluster.get(`${collection}/${name}`, limit).catch((error: unknown) => unreachable(error, limit))
    if (now === null) throw gone(awaited)
    why = typeof now === 'string' ? [now] : judge(now)
    if (typeof now !== 'string' && why.length === 0) return now
    const elapsedS = (performance.now() - deadline.startedAtMs) / 1000
    context.onEvent({ kind: 'waiting', what: why.join('; '), elapsedS, deadlineS: deadline.limitS })
    await untilChange(awaited, typeof now === 'string' ? null : now, Math.min(left, longestWatchMs))
  }
}

/** Resolves when the resource is ready, at the limit, or when the watch ends. */
async function untilChange(awaited: Awaited, seen: JsonObject | null, limitMs: number): Promise<void> {
  const { cluster, collection, name, context, judge } = awaited
  const enough = new AbortController()
  const signal = AbortSignal.any([context.signal, enough.signal, AbortSignal.timeout(Math.ceil(limitMs))])
  const version = (seen?.metadata as JsonObject | undefined)?.resourceVersion
  const query = {
    fieldSelector: `metadata.name=${name}`,
    ...(typeof version === 'string' ? { resourceVersion: version } : {}),
  }
  await cluster.watch(
    collection,
    query,
    (type, resource) => {
      if (type !== 'MODIFIED' || judge(resource).length === 0) enough.abort()
    },
    signal,
  )
  await sleep(pauseMs, undefined, { signal: context.signal }).catch(() => {})
}

/** Tolerates an API server that is unavailable for a moment. Other errors are final. */
function unreachable(error: unknown, limit: AbortSignal): string {
  if (limit.aborted) return 'the API server did not answer in time'
  if (error instanceof FulcrumError && error.code === 'kubernetes-unreachable') return error.message
  throw error
}

async function late({ label, deadline, explain, name, cluster }: Awaited, why: readonly string[]): Promise<Error> {
  const more = await explain().catch(() => '')
  return new FulcrumError(
    'failed',
    'deployment-not-ready',
    `${label} was not ready within ${deadline.limitS} s: ${why.join('; ')}${more}`,
    {
      where: `${name} on ${cluster.server}`,
      remedy: 'Raise deploy.ready_timeout if the model loads slowly. Otherwise check the pods.',
    },
  )
}

function gone({ name, cluster, label }: Awaited): FulcrumError {
  return new FulcrumError('environment', 'graph-deleted', `${name} was deleted while ${label} was brought up`, {
    where: cluster.server,
  })
}
