import { type Deployment, deploymentLabel } from '../model/index.ts'
import type { DeployContext, Reconciled } from './deployer.ts'

/** The changes of one deployer, until it is closed. */
export interface ChangesUntilClosed {
  /** Aborted when the deployer closes. */
  readonly closing: AbortSignal
  /** Makes a change, measures its duration and reports when it is ready. Aborted when the deployer closes. */
  run(
    wanted: Deployment,
    context: DeployContext,
    change: (wanted: Deployment, context: DeployContext) => Promise<Omit<Reconciled, 'elapsedS'>>,
  ): Promise<Reconciled>
  /** Aborts the current change and waits for it, so that it starts and applies nothing unnoticed. */
  close(): Promise<void>
}

/**
 * Limits the changes of a deployer to its lifetime: closing it aborts the current change. Changes then reject with the
 * abort's reason.
 */
export function changesUntilClosed(): ChangesUntilClosed {
  const closing = new AbortController()
  let underWay: Promise<unknown> = Promise.resolve()
  return {
    closing: closing.signal,
    run: async (wanted, context, change) => {
      const startMs = performance.now()
      const changing = change(wanted, { ...context, signal: AbortSignal.any([context.signal, closing.signal]) })
      underWay = changing.catch(() => {})
      const done = await changing
      const elapsedS = (performance.now() - startMs) / 1000
      context.onEvent({ kind: 'ready', what: deploymentLabel(wanted), elapsedS })
      return { ...done, elapsedS }
    },
    close: async () => {
      closing.abort(new Error('the deployer was closed'))
      await underWay
    },
  }
}
