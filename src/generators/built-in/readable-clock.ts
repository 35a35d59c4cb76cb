/** A poll that returned sooner than this after the loop's work ended did not sleep: what it found may have waited. */
const sleptMs = 0.05
/** libuv handles at most 1024 events before it polls again. */
const eventsPerPoll = 1000

/**
 * Says when sockets became readable, not when JavaScript came to read them.
 *
 * One poll of the event loop finds every socket that has data; their callbacks then run one after another. All that
 * data was there when the poll returned, hence all callbacks of one poll share the time of the first. Without this, the
 * hundredth answer of a burst would be charged the handling of the 99 before it.
 *
 * Data that came while the loop was at work is found by the poll after it, later than it came by at most the length of
 * that work: {@link waitedMs}, the uncertainty of the time stamp.
 */
export class ReadableClock {
  #at = 0
  #endedAt = 0
  #events = 0
  #busyMs = 0
  #waitedMs = 0
  #open = false
  /** Sum of the time that the loop was at work on what polls had found, ms. */
  workedMs = 0

  /** The time of the poll that is being handled, ms on the scale of `performance.now()`. */
  readonly stamp = (): number => {
    if (this.#open && this.#events < eventsPerPoll) {
      this.#events += 1
      return this.#at
    }
    const now = performance.now()
    if (this.#open) this.#waitedMs = now - this.#at
    else this.#waitedMs = now - this.#endedAt < sleptMs ? this.#busyMs : 0
    this.#at = now
    this.#events = 1
    if (!this.#open) {
      this.#open = true
      setImmediate(this.#close)
    }
    return now
  }

  /** The most that data found by this poll may have lain unread before {@link stamp}. */
  get waitedMs(): number {
    return this.#waitedMs
  }

  /** Work done after the polls' callbacks, such as sending, keeps the loop from polling just the same. */
  worked(): void {
    if (this.#open) return
    this.#endedAt = performance.now()
    this.#busyMs = this.#endedAt - this.#at
  }

  readonly #close = (): void => {
    this.#open = false
    this.#endedAt = performance.now()
    this.#busyMs = this.#endedAt - this.#at
    this.workedMs += this.#busyMs
  }
}
