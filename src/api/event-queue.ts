/** Events on their way from a run that never waits to a reader that may be slow. */
export interface EventQueue<E> {
  /** Takes an event at once, whatever the reader does. */
  push(event: E): void
  /** No event comes after those that were pushed. */
  end(): void
  /** As {@link end}; the reader then meets the error. */
  fail(error: unknown): void
  /** The next event, null after the last. One reader at a time. */
  next(): Promise<E | null>
}

/**
 * A queue for one reader. What a newer event makes stale is dropped while it waits, so that a reader who falls behind
 * costs memory for what happened, not for how often it was told.
 * @param isStale whether an event that waits says nothing once the one that follows it is there
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
