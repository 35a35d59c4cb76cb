/** If a poll returns within this time after the loop's work ended, it did not sleep, so its data may have waited. */
const sleptMs = 0.05
/** libuv handles at most 1024 events before it polls again. */
const eventsPerPoll = 1000

/**
 * Returns the time at which sockets became readable, not the time at which JavaScript read them. One poll of the event
 * loop finds every socket with data, and their callbacks then run one after another. All of that data was available
 * when the poll returned, so all callbacks of one poll share the time of the first. Otherwise, the hundredth answer of
 * a burst would include the handling of the 99 before it. The next poll finds data that arrives while the loop is busy.
 * It is late by at most the duration of that work: {@link waitedMs}, the uncertainty of the timestamp.
 */
export class ReadableClock {
  #at = 0
  #endedAt = 0
  #events = 0
  #busyMs = 0
  #waitedMs = 0
  #open = false
  /** Total time that the loop spent on the results of polls, ms. */
  workedMs = 0

  /** Time of the current poll, ms on the scale of `performance.now()`. */
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

  /** Maximum time that data of this poll was readable before {@link stamp}. */
  get waitedMs(): number {
    return this.#waitedMs
  }

  /** Work after the callbacks of a poll, such as sending, also delays the next poll. */
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
