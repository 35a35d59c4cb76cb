/** Timers fire up to this late: for what is due sooner, the loop is kept turning. */
const timerSlackMs = 1.2
/** Naps between turns, so that a server on the same machine has the core meanwhile. */
const napMs = 0.1

/** Calls made before the loop turns, so that answers which came meanwhile are read. */
const perTurn = 8

const nobody = new Int32Array(new SharedArrayBuffer(4))

/** How due times are met. */
export type Precision =
  /** Within about 0.1 ms, for the price of turning the loop through the last millisecond before each. */
  | 'exact'
  /** With timers alone, up to 2 ms late, several at once. */
  | 'timer'

/**
 * Calls `fire` at each due time, in order, until `dueAt` returns NaN. Between calls the event loop turns, so that
 * answers are read.
 *
 * @param dueAt the due time of the i-th call on the scale of `performance.now()`, NaN when there is none
 */
export function pace(
  dueAt: (index: number) => number,
  fire: (index: number, due: number) => void,
  precision: Precision,
): void {
  let index = 0
  const turn = () => {
    for (let fired = 0; fired < perTurn && dueAt(index) <= performance.now(); fired++) {
      const at = index++
      fire(at, dueAt(at))
    }
    const due = dueAt(index)
    if (Number.isNaN(due)) return
    const wait = due - performance.now()
    if (wait <= 0) setImmediate(turn)
    else if (precision === 'timer' || wait > timerSlackMs) {
      setTimeout(turn, precision === 'timer' ? wait : Math.floor(wait - timerSlackMs / 2))
    } else {
      if (wait > 2 * napMs) Atomics.wait(nobody, 0, 0, napMs)
      setImmediate(turn)
    }
  }
  turn()
}
