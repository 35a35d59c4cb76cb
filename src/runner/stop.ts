import { messageOf } from './bring-up.ts'
import type { RunContext } from './context.ts'
import { within } from './deadline.ts'

/** Workers get this long to finish their streams. Then Fulcrum exits, and the next run names the leftovers. */
const closeLimitMs = 2 * 60_000

/** Stops the generator and the deployment, each even if the other fails to stop. Records failures as notes. */
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
