import { FulcrumError } from '../../point/index.ts'
import type { DynamoServeConfig } from '../config.ts'
import { logEnd, processFailure } from '../dynamo/failure.ts'
import { leftMs } from '../dynamo/readiness.ts'
import { waitUntil } from '../dynamo/wait.ts'
import type { Course } from '../stepwise.ts'
import { type Expected, registrationDifferences, registrations } from './registry.ts'
import type { ServeProcess } from './service.ts'

/** What to wait on, and what to say meanwhile. */
export interface ServeAwaited extends Pick<Course, 'context' | 'deadline' | 'label'> {
  readonly config: DynamoServeConfig
  readonly etcdUrl: string
}

/**
 * Waits until exactly the expected workers are registered: new ones are there, stopped ones have left.
 * @param parts every `dynamo serve` that should be up
 * @throws FulcrumError when one of them or one of its services ends meanwhile, or at the deadline
 */
export async function workersListed(
  expected: Expected,
  parts: readonly ServeProcess[],
  { config, etcdUrl, deadline, context, label }: ServeAwaited,
): Promise<void> {
  let broken: ServeProcess | null = null
  let why: readonly string[] = ['etcd does not answer']
  await waitUntil(
    async signal => {
      for (const part of parts) {
        await part.follow()
        if (!(await part.fit())) broken = part
      }
      why = registrationDifferences(await registrations(etcdUrl, signal), expected, config)
      return why.length === 0
    },
    {
      signal: context.signal,
      limitMs: Math.max(1, leftMs(deadline)),
      onWaiting: elapsedS =>
        context.onEvent({ kind: 'waiting', what: 'workers to register', elapsedS, deadlineS: deadline.limitS }),
      failed: () => (broken === null ? null : serveFailure(broken)),
      late: () =>
        new FulcrumError(
          'failed',
          'deployment-not-ready',
          `${label} was not ready within ${deadline.limitS} s: ${why.join(', ')}${parts.map(({ process }) => logEnd(process)).join('')}`,
          {
            where: etcdUrl,
            remedy: 'Raise deploy.ready_timeout if the model only loads slowly; else look at the logs above.',
          },
        ),
    },
  )
}

/** Why a `dynamo serve` is not what it was: it ended itself, or a service of it did. */
export function serveFailure({ process }: Pick<ServeProcess, 'process'>, logLines?: number): FulcrumError {
  const failure = processFailure(process, logLines)
  if (!process.alive()) return failure
  const message = failure.message.replace('does not serve', 'runs, but a service of it has ended')
  return new FulcrumError(failure.kind, failure.code, message, { where: failure.where, remedy: failure.remedy })
}
