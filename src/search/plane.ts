import { type Coordinates, frontierOf } from '../analysis/frontier.ts'
import { hypervolume } from '../analysis/hypervolume.ts'

/** Current frontier of one workload. */
export interface Plane {
  readonly hypervolume: number
  /** Relative increase in hypervolume by a point at these coordinates; 1 while the frontier is empty. */
  gain(place: Coordinates): number
}

/** Frontier of the given points, with the gain of further ones. */
export function planeOf(places: readonly Coordinates[]): Plane {
  const frontier = frontierOf(places)
  const area = hypervolume(frontier)
  return {
    hypervolume: area,
    gain(place) {
      if (area === 0) return 1
      let [added, left] = [0, 0]
      for (const { x, y } of frontier) {
        if (x > left) added += Math.max(0, Math.min(x, place.x) - left) * Math.max(0, place.y - y)
        left = Math.max(left, x)
        if (left >= place.x) break
      }
      return (added + Math.max(0, place.x - left) * place.y) / area
    },
  }
}
