/** A point on the frontier's plane; more is better on both axes. */
export interface Coordinates {
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
}

/** Whether `a` is at least as good on both axes and better on one. Equal points don't dominate each other. */
export function dominates(a: Coordinates, b: Coordinates): boolean {
  return a.x >= b.x && a.y >= b.y && (a.x > b.x || a.y > b.y)
}

/**
 * The Pareto frontier: every point that no other dominates, by rising x (so by falling y). Equal points are all on it.
 * O(n log n): from the right, a point is on it when its y is a new best, or equals the best at the same x.
 */
export function frontierOf<T extends Coordinates>(points: readonly T[]): readonly T[] {
  const fromRight = [...points].sort((a, b) => b.x - a.x || b.y - a.y)
  const frontier: T[] = []
  for (const point of fromRight) {
    const last = frontier.at(-1)
    if (last === undefined || point.y > last.y || (point.y === last.y && point.x === last.x)) frontier.push(point)
  }
  return frontier.reverse()
}

/** A point that dominates `point`, the one with the highest y; undefined when `point` is on the frontier. */
export function dominatorOf<T extends Coordinates>(point: Coordinates, frontier: readonly T[]): T | undefined {
  return frontier.find(other => dominates(other, point))
}

/** A point, and what it takes to be there. */
export interface SizedCoordinates extends Coordinates {
  readonly gpus: number
}

/** Relative: points this near each other are one point of the frontier. */
const sameCoordinates = 0.001

/** The frontier without the points that fewer GPUs reach as well: of equal points, the smallest deployment stays. */
export function frontierOnFewestGpus<T extends SizedCoordinates>(points: readonly T[]): readonly T[] {
  const frontier = frontierOf(points)
  const near = (a: number, b: number) => Math.abs(a - b) <= sameCoordinates * Math.abs(b)
  return frontier.filter((point, at) => {
    const isBeatenBy = (other: T | undefined) =>
      other !== undefined && other.gpus < point.gpus && near(other.y, point.y)
    // By rising x, those that are near in x are neighbours.
    for (const step of [-1, 1])
      for (let i = at + step; near(frontier[i]?.x ?? Number.NaN, point.x); i += step)
        if (isBeatenBy(frontier[i])) return false
    return true
  })
}
