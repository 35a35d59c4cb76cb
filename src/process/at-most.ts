/** Runs work immediately if fewer than the limit are running, otherwise once it is its turn, in order of arrival. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** Limits how many pieces of work run at a time. */
export function atMost(limit: number): Turns {
  let running = 0
  const waiting: (() => void)[] = []
  return async work => {
    // The next in line takes over the place of the one that ends, so that none can slip in between.
    if (running < limit) running++
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
