/** Runs work at once while fewer than the limit run, else when its turn has come, first come first served. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** Lets at most so many pieces of work run at a time. */
export function atMost(limit: number): Turns {
  let running = 0
  const waiting: (() => void)[] = []
  return async work => {
    // Who is let in takes over the place of the one who leaves, so that nobody slips in between.
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
