import type { Point } from '../model/index.ts'
import type { Knowledge } from './knowledge.ts'
import type { Observation } from './observe.ts'

/** How near a rival comes to the best before noise may have decided between them, as a share. */
const near = 0.03

/**
 * Repeats that the recommendation rests on: those of the best point, of the best of another deployment, and of whatever
 * comes so near that noise may have decided. All other points are measured once.
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
