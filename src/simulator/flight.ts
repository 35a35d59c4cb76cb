/**
 * Requests in flight from the first one sent to the last one sent, or to the first answer if all were sent before it.
 */
export interface Flight {
  sent(atMs: number): void
  ended(atMs: number): void
  /** Begins a window: requests already in flight count from now on. */
  begin(atMs: number): void
  readonly now: number
  summary(): { readonly mean: number; readonly max: number } | null
}

/** Counts like {@link inFlightOf}, but without records; times must not decrease. */
export function createFlight(): Flight {
  let now = 0
  let max = 0
  let firstMs = Number.NaN
  let lastMs = Number.NaN
  let changedMs = Number.NaN
  let busyMs = 0
  let busyUntilLastMs = 0
  let answeredMs = Number.NaN
  let busyUntilAnswerMs = 0

  function pass(atMs: number): void {
    if (!Number.isNaN(changedMs)) busyMs += now * (atMs - changedMs)
    changedMs = atMs
  }

  return {
    get now() {
      return now
    },
    begin(atMs) {
      pass(atMs)
      firstMs = atMs
      max = now
      lastMs = answeredMs = Number.NaN
      busyMs = busyUntilLastMs = busyUntilAnswerMs = 0
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
      if (!Number.isNaN(answeredMs)) return
      answeredMs = atMs
      busyUntilAnswerMs = busyMs
    },
    summary() {
      if (Number.isNaN(firstMs)) return null
      const wave = answeredMs > lastMs
      const windowMs = (wave ? answeredMs : lastMs) - firstMs
      const mean = windowMs > 0 ? (wave ? busyUntilAnswerMs : busyUntilLastMs) / windowMs : max
      return { mean: Math.min(max, mean), max }
    },
  }
}
