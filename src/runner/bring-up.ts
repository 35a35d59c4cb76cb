import { type DeployEvent, noRoomLeft, type Reconciled } from '../deployers/deployer.ts'
import { diskError, isDiskRefusal } from '../journal/index.ts'
import { type Deployment, deploymentLabel, type Endpoint, FulcrumError } from '../model/index.ts'
import type { RunContext } from './context.ts'
import { within } from './deadline.ts'

/** A deployment that answers, the reason why it does not, or the reason why lost machines leave no room for it. */
export type BroughtUp = { readonly endpoint: Endpoint } | { readonly failure: string } | { readonly notRun: string }

/** Each deployer has its own deadline for readiness. This one only keeps a broken deployer from blocking the sweep. */
const reconcileLimitMs = 2 * 60 * 60_000

const attempts = 2

/**
 * Brings a deployment up, or up again. Retries once after a failure that may pass, such as a lingering port,
 * registration or lease. Records the outcome in the journal.
 * @throws the signal's reason; FulcrumError of kind environment or bad-input, because the next deployment would meet
 *   the same problem. The run ends and can be resumed once the problem is solved.
 */
export async function bringUp(run: RunContext, deployment: Deployment, why: string): Promise<BroughtUp> {
  const startS = run.elapsedS()
  const label = deploymentLabel(deployment)
  const line = { type: 'deployment', deploymentId: deployment.id, label } as const
  for (let attempt = 1; ; attempt++) {
    try {
      const { endpoint, workersStarted, workersStopped } = await reconcile(run, deployment, why)
      const elapsedS = run.elapsedS() - startS
      await run.record({ ...line, outcome: 'ready', workersStarted, workersStopped, elapsedS, reason: '' })
      run.tell({ step: 'deployed', workersStarted, workersStopped, tookS: elapsedS })
      return { endpoint }
    } catch (error) {
      run.signal.throwIfAborted()
      const reason = messageOf(error)
      const failed = { ...line, workersStarted: 0, workersStopped: 0, reason }
      const hasNoRoom = error instanceof FulcrumError && error.code === noRoomLeft
      const willRetry = !hasNoRoom && attempt < attempts && mayPass(error)
      run.tell({ step: 'deployment-failed', reason, willRetry })
      if (willRetry) {
        await run.record({ type: 'note', message: `Deployment ${label} failed; retrying once: ${reason}` })
        continue
      }
      const elapsedS = run.elapsedS() - startS
      await run.record({ ...failed, outcome: hasNoRoom ? 'not-run' : 'failed', elapsedS })
      if (hasNoRoom) return { notRun: reason }
      if (error instanceof FulcrumError && error.kind !== 'failed') throw error
      return { failure: reason }
    }
  }
}

/** An unforeseen error may pass; every other error says so itself. */
const mayPass = (error: unknown): boolean => !(error instanceof FulcrumError) || error.retryable

async function reconcile(run: RunContext, deployment: Deployment, why: string): Promise<Reconciled> {
  run.tell({ step: 'deploying', why, event: null })
  const machines: string[] = []
  const onEvent = (event: DeployEvent) => {
    run.tell({ step: 'deploying', why, event })
    if (event.kind === 'lost') machines.push(`Lost ${event.what}: ${event.why}. Continuing without it.`)
    if (event.kind === 'back') machines.push(`${event.what} is available again`)
  }
  try {
    return await within(reconcileLimitMs, 'The deployment', run.signal, signal =>
      run.dependencies.deployer.reconcile(deployment, { signal, onEvent }),
    )
  } catch (error) {
    if (isDiskRefusal(error)) throw diskError(error, 'write the files of a deployment', run.dependencies.run.folder)
    throw error
  } finally {
    for (const message of machines) await run.record({ type: 'note', message })
  }
}

/**
 * An error as journal text: message, place unless the message contains it, remedy. `127.0.0.1 is silent (http://…).
 * Start it.`
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof FulcrumError)) return error instanceof Error ? error.message : String(error)
  const { message, where, remedy } = error
  const placed = where === undefined || message.includes(where) ? message : `${message.replace(/\.$/, '')} (${where})`
  if (remedy === undefined) return placed
  return `${placed}${/[.!?]$/.test(placed) ? '' : '.'} ${remedy}`
}
