import { canonicalJson } from '../../model/index.ts'
import type { Coordinates } from '../frontier.ts'
import { frontierOf } from '../frontier.ts'
import { hypervolume } from '../hypervolume.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Pair } from './match.ts'

/** Two frontiers of one workload, using only matched points: a run must not win by having measured more. */
export interface FrontierGain {
  readonly workload: string
  readonly base: readonly Coordinates[]
  readonly head: readonly Coordinates[]
  /** Area above (0, 0) and its relative change; null if the base has none. */
  readonly hypervolume: { readonly base: number; readonly head: number; readonly relative: number | null }
  /**
   * Output tokens/s per GPU at the interactivity of each base frontier point, see {@link throughputAt}; head is null if
   * it does not reach that interactivity.
   */
  readonly atEqualInteractivity: readonly Level[]
  /** Output tokens/s per user at the throughput of each base frontier point. */
  readonly atEqualThroughput: readonly Level[]
}

/**
 * The other coordinate of both frontiers at one coordinate of the base; `head` is null where its frontier ends before.
 */
export interface Level {
  readonly at: number
  readonly base: number
  readonly head: number | null
}

/** Compares the frontiers of both runs for each workload, using only the given pairs of points. */
export function frontierGains(pairs: readonly Pair[]): readonly FrontierGain[] {
  return [...Map.groupBy(pairs, pair => canonicalJson(pair.base.workload)).values()].map(alike => {
    const both = alike.filter(pair => place(pair.base) !== null && place(pair.head) !== null)
    const base = frontierOf(both.flatMap(pair => place(pair.base) ?? []))
    const head = frontierOf(both.flatMap(pair => place(pair.head) ?? []))
    const areas = { base: hypervolume(base), head: hypervolume(head) }
    return {
      workload: alike[0]?.base.workload.name ?? '',
      base,
      head,
      hypervolume: { ...areas, relative: areas.base > 0 ? areas.head / areas.base - 1 : null },
      atEqualInteractivity: base.map(({ x, y }) => ({ at: x, base: y, head: throughputAt(head, x) })),
      atEqualThroughput: base.map(({ x, y }) => ({ at: y, base: x, head: interactivityAt(head, y) })),
    }
  })
}

function place(point: MeasuredPoint): Coordinates | null {
  return point.status === 'ok' && point.x !== null && point.y !== null ? { x: point.x.mean, y: point.y.mean } : null
}

/**
 * Throughput of a frontier at an interactivity, interpolated linearly between its points. On a staircase, noise of one
 * percent near a step would appear as the height of the whole step. Left of the first point, the throughput is
 * constant; right of the last, it is null.
 */
export function throughputAt(frontier: readonly Coordinates[], x: number): number | null {
  return along(frontier, x)
}

/** Interactivity of a frontier at a throughput: {@link throughputAt} with the axes exchanged. */
export function interactivityAt(frontier: readonly Coordinates[], y: number): number | null {
  return along(frontier.map(place => ({ x: place.y, y: place.x })).toReversed(), y)
}

/** @param frontier by ascending x */
function along(frontier: readonly Coordinates[], x: number): number | null {
  const right = frontier.findIndex(place => place.x >= x)
  const after = frontier[right]
  if (after === undefined) return null
  const before = frontier[right - 1]
  if (before === undefined || after.x === before.x) return after.y
  return after.y + ((before.y - after.y) * (after.x - x)) / (after.x - before.x)
}
