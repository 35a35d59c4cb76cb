/** Timers fire up to this much late, so the event loop polls for times that are due sooner. */
const timerSlackMs = 1.2
/** Sleep between polls, so that a server on the same machine gets the core. */
const napMs = 0.1

/** Maximum number of calls per turn of the event loop, so that answers that arrive meanwhile are read. */
const perTurn = 8

const nobody = new Int32Array(new SharedArrayBuffer(4))

/** Precision of due times. */
export type Precision =
  /** Within about 0.1 ms, by polling during the last millisecond before each time. */
  | 'exact'
  /** With timers only: up to 2 ms late, several at once. */
  | 'timer'

/**
 * Calls `fire` at each due time, in order, until `dueAt` returns NaN. The event loop turns between calls, so that
 * answers are read.
 * @param dueAt due time of the i-th call on the scale of `performance.now()`, NaN after the last one
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
