import { type Coordinates, frontierOf } from '../analysis/frontier.ts'

/** A frontier that ends at one place. */
interface Way<P> {
  readonly area: number
  readonly chosen: Chosen<P> | null
}

/** The candidates on a way, the last one first. */
interface Chosen<P> {
  readonly candidate: P
  readonly before: Chosen<P> | null
}

/**
 * The smallest set of candidates that, with the given places, covers a hypervolume; the smallest with the largest
 * hypervolume if none covers it. Exact, by dynamic programming along the frontier (Kuhn et al., Hypervolume subset
 * selection in two dimensions, 2016): the largest area of a way to a place is the strip that the place adds to the best
 * way to one of those before it.
 */
export function fewest<P extends Coordinates>(
  given: readonly Coordinates[],
  candidates: readonly P[],
  goal: number,
): readonly P[] {
  const places = [
    ...frontierOf(given).map(({ x, y }) => ({ x, y, candidate: null })),
    ...candidates.map(candidate => ({ x: candidate.x, y: candidate.y, candidate })),
  ].sort((a, b) => a.x - b.x)
  let most: Way<P> = { area: 0, chosen: null }
  let shorter: readonly (Way<P> | null)[] = []
  for (let count = 0; ; count++) {
    const ways: (Way<P> | null)[] = []
    for (const { x, y, candidate } of places) {
      // A candidate is one more than those on its way; a given place is not.
      const from = candidate === null ? ways : shorter
      let best: Way<P> | null = candidate === null || count > 0 ? { area: x * y, chosen: null } : null
      for (let i = 0; i < ways.length; i++) {
        const [place, way] = [places[i], from[i]]
        if (place === undefined || way === undefined || way === null || place.x >= x || place.y <= y) continue
        const area = way.area + (x - place.x) * y
        if (best === null || area > best.area) best = { area, chosen: way.chosen }
      }
      ways.push(best === null || candidate === null ? best : { ...best, chosen: { candidate, before: best.chosen } })
    }
    const largest = ways.reduce<Way<P>>((a, b) => (b !== null && b.area > a.area ? b : a), { area: 0, chosen: null })
    if (largest.area >= goal) return listOf(largest.chosen)
    if (count > 0 && largest.area <= most.area) return listOf(most.chosen)
    most = largest
    shorter = ways
  }
}

function listOf<P>(chosen: Chosen<P> | null): readonly P[] {
  const list: P[] = []
  for (let each = chosen; each !== null; each = each.before) list.push(each.candidate)
  return list
}
