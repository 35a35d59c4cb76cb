/** A place on the frontier's plane; more is better on both axes. */
export interface Place {
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
}

/** Whether `a` is at least as good on both axes and better on one. Equal places don't dominate each other. */
export function dominates(a: Place, b: Place): boolean {
  return a.x >= b.x && a.y >= b.y && (a.x > b.x || a.y > b.y)
}

/**
 * The Pareto frontier: every place that no other dominates, by rising x (so by falling y). Equal places are all on it.
 * O(n log n): from the right, a place is on it when its y is a new best, or equals the best at the same x.
 */
export function frontierOf<T extends Place>(places: readonly T[]): readonly T[] {
  const fromRight = [...places].sort((a, b) => b.x - a.x || b.y - a.y)
  const frontier: T[] = []
  for (const place of fromRight) {
    const last = frontier.at(-1)
    if (last === undefined || place.y > last.y || (place.y === last.y && place.x === last.x)) frontier.push(place)
  }
  return frontier.reverse()
}

/** A place that dominates `place`, the one with the highest y; undefined when `place` is on the frontier. */
export function dominatorOf<T extends Place>(place: Place, frontier: readonly T[]): T | undefined {
  return frontier.find(other => dominates(other, place))
}
