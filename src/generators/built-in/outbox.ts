import type { ReadableClock } from './readable-clock.ts'

/** Writing a request takes about 20 µs. At most this many are written before the event loop may read again. */
const perTurn = 8

/**
 * Defers sends until available answers have been read, then sends a few per turn of the event loop. When hundreds of
 * slots become free at once, answers that arrive meanwhile are read between the sends, not after all of them.
 */
export class Outbox<T> {
  readonly #clock: ReadableClock
  readonly #send: (item: T) => void
  #items: T[] = []
  #next = 0
  #scheduled = false

  constructor(clock: ReadableClock, send: (item: T) => void) {
    this.#clock = clock
    this.#send = send
  }

  add(item: T): void {
    this.#items.push(item)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const end = Math.min(this.#items.length, this.#next + perTurn)
    for (; this.#next < end; this.#next++) {
      const item = this.#items[this.#next]
      if (item !== undefined) this.#send(item)
    }
    this.#scheduled = this.#next < this.#items.length
    if (this.#scheduled) setImmediate(this.#turn)
    else {
      this.#items = []
      this.#next = 0
    }
    this.#clock.worked()
  }
}
