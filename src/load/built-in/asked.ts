import type { Point } from '../../point/index.ts'
import type { RequestSet } from './request-set.ts'

/** Which request of a set the window begins with: a trace's first, else the one after the warm-up's last conversation. */
export function firstMeasured({ level, warmup }: Point['load'], turns: number): number {
  return level.kind === 'trace' ? 0 : Math.ceil(warmup / turns) * turns
}

/**
 * Mean ISL and OSL of the requests that were sent, in tokens; null of none. Not those of the whole set: of lengths that vary
 * a short window has a mean of its own, and that is not the server's doing.
 */
export function askedLengths(
  load: Point['load'],
  { count, turns, inputTokens, outputTokens }: Pick<RequestSet, 'count' | 'turns' | 'inputTokens' | 'outputTokens'>,
  sent: number,
): { readonly isl: number | null; readonly osl: number | null } {
  if (count === 0 || sent === 0) return { isl: null, osl: null }
  const first = firstMeasured(load, turns)
  const mean = (lengths: Uint32Array) => {
    let sum = 0
    for (let request = 0; request < sent; request++) sum += lengths[(first + request) % count] ?? 0
    return sum / sent
  }
  return { isl: mean(inputTokens), osl: mean(outputTokens) }
}
