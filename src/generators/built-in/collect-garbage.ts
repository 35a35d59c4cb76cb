import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Maximum attempts. Each of the other threads can interfere for a millisecond, once. */
const mostTries = 1000

let collect: (() => void) | null = null

/**
 * Collects the garbage of this thread now. Otherwise, compiling and connecting before a window cause a dozen
 * collections in its first second. Each takes 1 to 10 ms, and answers wait meanwhile.
 */
export function collectGarbage(): void {
  collect ??= collector()
  collect()
}

/**
 * V8's own function, which is available in contexts created while the flag is set. The flag applies to the process.
 * While it is set, V8 rejects code that was compiled without it, as `fulcrum report` does in the next process. So this
 * function clears the flag. If another thread clears it at that moment, this one tries again.
 */
function collector(): () => void {
  for (let tries = 0; tries < mostTries; tries++) {
    setFlagsFromString('--expose-gc')
    const found: unknown = runInNewContext('globalThis.gc')
    setFlagsFromString('--no-expose-gc')
    if (typeof found === 'function') return found as () => void
  }
  // V8 then collects garbage when it chooses.
  return () => {}
}
