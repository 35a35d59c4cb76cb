/** Passes events from a run that never waits to a reader that may be slow. */
export interface EventQueue<E> {
  /** Accepts an event immediately, regardless of the reader. */
  push(event: E): void
  /** Ends the queue after the events that were pushed. */
  end(): void
  /** Like {@link end}, but the reader then gets the error. */
  fail(error: unknown): void
  /** The next event; null after the last. Only one reader at a time. */
  next(): Promise<E | null>
}

/**
 * A queue for one reader. Drops waiting events that a newer one makes stale, so a slow reader's memory does not grow
 * with the number of progress reports.
 * @param isStale whether a newer event makes a waiting one obsolete
 */
export function eventQueue<E>(isStale: (waiting: E, newer: E) => boolean): EventQueue<E> {
  const waiting: E[] = []
  let ending: { readonly error?: unknown } | null = null
  let wake = () => {}
  return {
    push(event) {
      const last = waiting.at(-1)
      if (last !== undefined && isStale(last, event)) waiting.pop()
      waiting.push(event)
      wake()
    },
    end() {
      ending ??= {}
      wake()
    },
    fail(error) {
      ending ??= { error }
      wake()
    },
    async next() {
      for (;;) {
        const event = waiting.shift()
        if (event !== undefined) return event
        if (ending !== null) {
          if ('error' in ending) throw ending.error
          return null
        }
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
  }
}
