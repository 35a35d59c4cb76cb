import { canonicalJson } from '../../point/index.ts'
import type { Place } from '../frontier.ts'
import { frontierOf } from '../frontier.ts'
import { hypervolume } from '../hypervolume.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Pair } from './match.ts'

/** Two frontiers of one workload, drawn through the matched points alone: a run that measured more must not win by that. */
export interface FrontierGain {
  readonly workload: string
  readonly base: readonly Place[]
  readonly head: readonly Place[]
  /** Area above (0, 0). Relative change, null when base has none. */
  readonly hypervolume: { readonly base: number; readonly head: number; readonly relative: number | null }
  /** Output tokens/s per GPU at the interactivity of each base frontier point; head null where it does not get there. */
  readonly atEqualInteractivity: readonly Level[]
  /** Output tokens/s per user at the throughput of each base frontier point. */
  readonly atEqualThroughput: readonly Level[]
}

export interface Level {
  readonly at: number
  readonly base: number
  readonly head: number | null
}

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

function place(point: MeasuredPoint): Place | null {
  return point.status === 'ok' && point.x !== null && point.y !== null ? { x: point.x.mean, y: point.y.mean } : null
}

/** The most throughput among places of at least that interactivity: the staircase's height. */
export function throughputAt(frontier: readonly Place[], x: number): number | null {
  const reached = frontier.filter(place => place.x >= x)
  return reached.length === 0 ? null : Math.max(...reached.map(place => place.y))
}

/** The most interactivity among places of at least that throughput. */
export function interactivityAt(frontier: readonly Place[], y: number): number | null {
  const reached = frontier.filter(place => place.y >= y)
  return reached.length === 0 ? null : Math.max(...reached.map(place => place.x))
}
