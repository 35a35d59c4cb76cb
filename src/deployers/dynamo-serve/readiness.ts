import { leftMs, notReady } from '../readiness.ts'
import type { Rollout } from '../stepwise.ts'
import { waitUntil } from '../wait.ts'
import type { DynamoServeConfig } from './config.ts'
import { type Expected, registrationDifferences, registrations } from './registry.ts'
import type { ServeWorker } from './worker.ts'

/** What to wait for, and how to report progress. */
export interface ServeAwaited extends Pick<Rollout, 'context' | 'deadline' | 'label'> {
  readonly config: DynamoServeConfig
  readonly etcdUrl: string
}

/**
 * Waits until exactly the expected workers are registered: new ones have appeared, and stopped ones are gone.
 * @param workers all that should be running
 * @throws FulcrumError if one of them or of their services ends meanwhile, or at the deadline
 */
export async function workersListed(
  expected: Expected,
  workers: readonly ServeWorker[],
  { config, etcdUrl, deadline, context, label }: ServeAwaited,
): Promise<void> {
  let broken: ServeWorker | null = null
  let why: readonly string[] = ['etcd does not answer']
  await waitUntil(
    async signal => {
      for (const worker of workers) {
        await worker.follow()
        if (!(await worker.fit())) broken = worker
      }
      why = registrationDifferences(await registrations(etcdUrl, signal), expected, config)
      return why.length === 0
    },
    {
      signal: context.signal,
      limitMs: Math.max(1, leftMs(deadline)),
      onWaiting: elapsedS =>
        context.onEvent({ kind: 'waiting', what: 'workers to register', elapsedS, deadlineS: deadline.limitS }),
      failed: () => broken?.failure() ?? null,
      late: () =>
        notReady(
          { label, deadline, url: etcdUrl },
          why.join(', '),
          workers.map(({ process }) => process),
        ),
    },
  )
}
