/** Requests in flight over a window: the most at one moment, and the time-weighted mean from the first to the last send. */
export interface Flight {
  sent(atMs: number): void
  ended(atMs: number): void
  readonly now: number
  summary(): { readonly mean: number; readonly max: number } | null
}

/** As {@link inFlightOf} counts them from records, without keeping any; times must not fall. */
export function createFlight(): Flight {
  let now = 0
  let max = 0
  let firstMs = Number.NaN
  let lastMs = Number.NaN
  let changedMs = Number.NaN
  let busyMs = 0
  let busyUntilLastMs = 0

  function pass(atMs: number): void {
    if (!Number.isNaN(changedMs)) busyMs += now * (atMs - changedMs)
    changedMs = atMs
  }

  return {
    get now() {
      return now
    },
    sent(atMs) {
      pass(atMs)
      if (Number.isNaN(firstMs)) firstMs = atMs
      lastMs = atMs
      busyUntilLastMs = busyMs
      now += 1
      if (now > max) max = now
    },
    ended(atMs) {
      pass(atMs)
      now -= 1
    },
    summary() {
      if (Number.isNaN(firstMs)) return null
      // After the last send a run drains, which says nothing of the load that was held.
      return { mean: lastMs > firstMs ? busyUntilLastMs / (lastMs - firstMs) : max, max }
    },
  }
}
