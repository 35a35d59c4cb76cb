import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | null = null

/**
 * Collects the garbage of this thread now. Otherwise compilation and connecting before a window cause a dozen
 * collections in its first second, of 1 to 10 ms each, during which answers wait.
 */
export function collectGarbage(): void {
  collect ??= collector()
  collect()
}

/**
 * V8's own function, which contexts contain that are created while the flag is set. The flag belongs to the process, so
 * it stays set: a thread that cleared it would take the function from another thread that is about to look for it.
 */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
