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

/** A place, and what it takes to be there. */
export interface SizedPlace extends Place {
  readonly gpus: number
}

/** Relative: places this near each other are one point of the frontier. */
const samePlace = 0.001

/** The frontier without the places that fewer GPUs reach as well: of equal places, the smallest deployment stays. */
export function frontierOnFewestGpus<T extends SizedPlace>(places: readonly T[]): readonly T[] {
  const frontier = frontierOf(places)
  const near = (a: number, b: number) => Math.abs(a - b) <= samePlace * Math.abs(b)
  return frontier.filter((place, at) => {
    const isBeatenBy = (other: T | undefined) =>
      other !== undefined && other.gpus < place.gpus && near(other.y, place.y)
    // By rising x, those that are near in x are neighbours.
    for (const step of [-1, 1])
      for (let i = at + step; near(frontier[i]?.x ?? Number.NaN, place.x); i += step)
        if (isBeatenBy(frontier[i])) return false
    return true
  })
}
