import { type Coordinates, frontierOf } from '../analysis/frontier.ts'
import { hypervolume } from '../analysis/hypervolume.ts'

/** The frontier of one workload so far. */
export interface Plane {
  readonly hypervolume: number
  /** Hypervolume that a place would add, as a share of what there is; 1 while there is nothing. */
  gain(place: Coordinates): number
}

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
