const tickMs = 0.25
const slots = 16384

/** Something that is due at a time. */
export interface Due {
  dueAt: number
  fire(now: number): void
}

/** Fired before the loop may read again: a request must not wait in its socket while hundreds of chunks are written. */
const firesPerTurn = 16

/** A timer wheel: adding and firing cost the same however many are due; late by a timer's millisecond at most. */
export class Wheel {
  readonly #slots: Due[][] = Array.from({ length: slots }, () => [])
  #tick = Math.floor(performance.now() / tickMs)
  /** What is due now, in order, and how much of it has been fired. */
  #ready: Due[] = []
  #fired = 0
  #pending = 0
  #running = false

  add(due: Due): void {
    const tick = Math.max(this.#tick + 1, Math.ceil(due.dueAt / tickMs))
    // Beyond the horizon it waits in the last slot and is put in again.
    this.#slots[Math.min(tick, this.#tick + slots - 1) % slots]?.push(due)
    this.#pending += 1
    if (!this.#running) {
      this.#running = true
      setTimeout(this.#turn, 1)
    }
  }

  readonly #turn = (): void => {
    const until = Math.floor(performance.now() / tickMs)
    while (this.#tick < until) {
      this.#tick += 1
      const slot = this.#slots[this.#tick % slots]
      if (slot === undefined || slot.length === 0) continue
      this.#slots[this.#tick % slots] = []
      for (const due of slot) this.#ready.push(due)
    }
    for (let i = 0; i < firesPerTurn && this.#fired < this.#ready.length; i++) this.#fire()
    if (this.#fired < this.#ready.length) {
      setImmediate(this.#turn)
      return
    }
    this.#ready = []
    this.#fired = 0
    if (this.#pending > 0) setTimeout(this.#turn, 1)
    else this.#running = false
  }

  #fire(): void {
    const due = this.#ready[this.#fired++]
    if (due === undefined) return
    this.#pending -= 1
    const now = performance.now()
    if (due.dueAt > now + tickMs) this.add(due)
    else due.fire(now)
  }
}
