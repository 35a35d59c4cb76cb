/** A point on the frontier's plane. Higher is better on both axes. */
export interface Coordinates {
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
}

/** Whether `a` is at least as good on both axes and better on one. Equal points do not dominate each other. */
export function dominates(a: Coordinates, b: Coordinates): boolean {
  return a.x >= b.x && a.y >= b.y && (a.x > b.x || a.y > b.y)
}

/**
 * Pareto frontier: every point that no other dominates, by ascending x (and so by descending y). Contains all equal
 * points. O(n log n): going from the right, a point is on the frontier if its y is a new maximum, or equals the maximum
 * at the same x.
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

/** The point with the highest y that dominates `point`; undefined if `point` is on the frontier. */
export function dominatorOf<T extends Coordinates>(point: Coordinates, frontier: readonly T[]): T | undefined {
  return frontier.find(other => dominates(other, point))
}

/** A point and the number of GPUs it needs. */
export interface SizedCoordinates extends Coordinates {
  readonly gpus: number
}

/** Relative tolerance within which points count as one point of the frontier. */
const sameCoordinates = 0.001

/** The frontier without points that fewer GPUs also reach: of equal points, the smallest deployment stays. */
export function frontierOnFewestGpus<T extends SizedCoordinates>(points: readonly T[]): readonly T[] {
  const frontier = frontierOf(points)
  const near = (a: number, b: number) => Math.abs(a - b) <= sameCoordinates * Math.abs(b)
  return frontier.filter((point, at) => {
    const isBeatenBy = (other: T | undefined) =>
      other !== undefined && other.gpus < point.gpus && near(other.y, point.y)
    // Points are sorted by x, so those close in x are neighbors.
    for (const step of [-1, 1])
      for (let i = at + step; near(frontier[i]?.x ?? Number.NaN, point.x); i += step)
        if (isBeatenBy(frontier[i])) return false
    return true
  })
}
