/** Below this, timers are too coarse (they fire up to 1 ms late): the loop is kept turning instead. */
const spinMs = 1.2

/**
 * Calls `fire` at each due time, in order, until `dueAt` returns NaN. Between calls the event loop turns, so that answers are
 * read; for the last millisecond before a due time it turns without sleeping.
 *
 * @param dueAt the due time of the i-th call on the scale of `performance.now()`, NaN when there is none
 */
export function pace(dueAt: (index: number) => number, fire: (index: number, due: number) => void): Promise<void> {
  return new Promise(resolve => {
    let index = 0
    const turn = () => {
      for (;;) {
        const due = dueAt(index)
        if (Number.isNaN(due)) {
          resolve()
          return
        }
        const wait = due - performance.now()
        if (wait > spinMs) setTimeout(turn, Math.floor(wait - spinMs / 2))
        else if (wait > 0) setImmediate(turn)
        else {
          fire(index++, due)
          // One at a time: answers that came meanwhile are read in between.
          setImmediate(turn)
        }
        return
      }
    }
    turn()
  })
}
