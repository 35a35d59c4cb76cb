import type { Point } from '../model/index.ts'
import type { Knowledge } from './knowledge.ts'
import type { Observation } from './observe.ts'

/** Relative difference from the best within which noise may have decided. */
const near = 0.03

/**
 * Repeats that decide the recommendation: those of the best point, of the best other deployment, and of all points so
 * close that noise may have decided. All other points are measured once.
 */
export function rivalRepeats(known: Knowledge): readonly Point[] {
  const { best, seen } = known
  if (best === null) return []
  const others = seen.filter(o => o.cell.planned !== best.cell.planned)
  const runnerUp = others.filter(o => o.meetsSlo === best.meetsSlo).reduce<Observation | null>(better(best), null)
  const rivals = seen.filter(o => o === best || o === runnerUp || mayBeBetter(o, best))
  return rivals.flatMap(({ cell }) => cell.repeats)
}

const better = (best: Observation) => (a: Observation | null, b: Observation) =>
  a === null || (best.meetsSlo ? b.y > a.y : b.sloRatio < a.sloRatio) ? b : a

function mayBeBetter(o: Observation, best: Observation): boolean {
  if (!best.meetsSlo) return o.sloRatio <= best.sloRatio * (1 + near)
  return o.y >= best.y * (1 - near) && o.sloRatio <= 1 + near
}
