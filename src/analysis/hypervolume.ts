import type { Coordinates } from './frontier.ts'
import { frontierOf } from './frontier.ts'

/**
 * Area that the points dominate above a reference, the usual single measure of a frontier (Zitzler & Thiele 1998), in
 * (tokens/s/user) × (tokens/s/GPU). Only comparable between frontiers with the same reference.
 */
export function hypervolume(places: readonly Coordinates[], reference: Coordinates = { x: 0, y: 0 }): number {
  const above = places.filter(place => place.x > reference.x && place.y > reference.y)
  let area = 0
  let left = reference.x
  for (const place of frontierOf(above)) {
    area += (place.x - left) * (place.y - reference.y)
    left = place.x
  }
  return area
}
