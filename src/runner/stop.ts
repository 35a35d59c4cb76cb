import { messageOf } from './bring-up.ts'
import type { RunContext } from './context.ts'
import { within } from './deadline.ts'

/** Workers get time to finish their streams; after this long Fulcrum leaves, and the next run names the leftovers. */
const closeLimitMs = 2 * 60_000

/** Ends the generator and the deployment, each even when the other fails to, and notes what could not be stopped. */
export async function stopEverything(run: RunContext): Promise<void> {
  for (const [what, part] of [
    ['The load generator', run.dependencies.generator],
    ['The deployment', run.dependencies.deployer],
  ] as const) {
    try {
      await within(closeLimitMs, `Stopping: ${what.toLowerCase()}`, new AbortController().signal, () => part.close())
    } catch (error) {
      const message = `${what} could not be stopped: ${messageOf(error)}`
      await run.record({ type: 'note', message }).catch(() => undefined)
    }
  }
}
