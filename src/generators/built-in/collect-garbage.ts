import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | null = null

/**
 * Collects the garbage of this thread now. What was compiled and connected before a window otherwise makes a dozen
 * collections in its first second, of 1 to 10 ms each, in which answers wait.
 */
export function collectGarbage(): void {
  collect ??= collector()
  collect()
}

/** V8's own function, which contexts have that are made while the flag is set. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext('gc') as () => void
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}
