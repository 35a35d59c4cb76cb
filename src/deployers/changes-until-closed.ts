import { type Deployment, deploymentLabel } from '../model/index.ts'
import type { DeployContext, Reconciled } from './deployer.ts'

/** The changes of one deployer, until it is closed. */
export interface ChangesUntilClosed {
  /** Aborted when the deployer closes. */
  readonly closing: AbortSignal
  /** Makes a change, times it and tells that it is ready; given up when the deployer closes. */
  run(
    wanted: Deployment,
    context: DeployContext,
    change: (wanted: Deployment, context: DeployContext) => Promise<Omit<Reconciled, 'elapsedS'>>,
  ): Promise<Reconciled>
  /** Gives up the change under way and waits for it: what it still starts or applies would be missed otherwise. */
  close(): Promise<void>
}

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
