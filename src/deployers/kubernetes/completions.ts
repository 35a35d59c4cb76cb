import { type Asking, probe } from '../../generators/probe.ts'
import { type Endpoint, FulcrumError } from '../../model/index.ts'
import type { DeployContext } from '../deployer.ts'
import { type Deadline, leftMs } from '../readiness.ts'
import { waitUntil } from '../wait.ts'

/** The wait for completions and its deadline. */
interface CompletionWait {
  readonly deadline: Deadline
  /** `2P1D`, for messages. */
  readonly label: string
  readonly context: DeployContext
  readonly ask: Asking
}

/**
 * Waits until a number of requests are answered, one after another.
 * @throws FulcrumError failed `deployment-not-ready` at the deadline
 */
export async function completionsAnswered(
  endpoint: Endpoint,
  count: number,
  { deadline, label, context, ask }: CompletionWait,
): Promise<void> {
  let missing = count
  let why = 'no completion came back'
  await waitUntil(
    async () => {
      while (missing > 0) {
        try {
          await probe(endpoint, { signal: context.signal, timeoutMs: Math.max(1, leftMs(deadline)), ...ask })
          missing--
        } catch (error) {
          if (error instanceof FulcrumError) why = error.message
          return false
        }
      }
      return true
    },
    {
      signal: context.signal,
      limitMs: Math.max(1, leftMs(deadline)),
      failed: () => null,
      late: () =>
        new FulcrumError(
          'failed',
          'deployment-not-ready',
          `${label} was not ready within ${deadline.limitS} s: its workers are available, but ${why}`,
          { where: endpoint.url, remedy: 'Check the logs of the frontend and the workers.' },
        ),
      onWaiting: elapsedS =>
        context.onEvent({ kind: 'waiting', what: 'a completion', elapsedS, deadlineS: deadline.limitS }),
    },
  )
}
