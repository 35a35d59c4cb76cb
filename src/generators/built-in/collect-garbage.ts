import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Other threads look for a millisecond each, and once. */
const mostTries = 1000

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
 * V8's own function, which contexts contain that are created while the flag is set. The flag belongs to the process, and
 * while it is set, V8 rejects code that was compiled without it, as `fulcrum report` does in the next process. So it is
 * cleared; a thread from which another one takes it away at that moment tries again.
 */
function collector(): () => void {
  for (let tries = 0; tries < mostTries; tries++) {
    setFlagsFromString('--expose-gc')
    const found: unknown = runInNewContext('globalThis.gc')
    setFlagsFromString('--no-expose-gc')
    if (typeof found === 'function') return found as () => void
  }
  // Garbage is then collected when V8 likes.
  return () => {}
}
