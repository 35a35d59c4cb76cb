import { dominates } from '../analysis/frontier.ts'
import { loadLabel } from '../analysis/load-label.ts'
import type { JournalLine, LeftOut } from '../journal/index.ts'
import { settledIn } from '../journal/index.ts'
import { deploymentLabel } from '../model/index.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import type { Cell, Series } from './cells.ts'
import type { Knowledge } from './knowledge.ts'
import type { Predicted } from './predict.ts'
import { worthwhile } from './shortlist.ts'
import { viewerOf } from './view.ts'

/** Points of one deployment that a complete search left unmeasured. */
export interface Skipped {
  readonly planned: PlannedDeployment
  readonly points: readonly LeftOut[]
}

/** One entry for each deployment with unmeasured points, in the plan's order. */
export function skippedPoints(allSeries: readonly Series[], lines: readonly JournalLine[]): readonly Skipped[] {
  const { knowledge } = viewerOf(allSeries)(lines)
  const isSettled = settledIn(lines)
  return [...Map.groupBy(allSeries.flat(), cell => cell.planned)].flatMap(([planned, cells]) => {
    const points = cells.flatMap(cell => {
      const open = cell.repeats.filter(point => !isSettled(point))
      const [first] = open
      if (first === undefined) return []
      const common = { pointIds: open.map(({ id }) => id), workload: first.workload, load: first.load }
      return { ...common, ...reasonOf(cell, open.length < cell.repeats.length, knowledge.get(cell.workload)) }
    })
    return points.length === 0 ? [] : [{ planned, points }]
  })
}

function reasonOf(
  cell: Cell,
  isMeasured: boolean,
  known: Knowledge | undefined,
): Omit<LeftOut, 'pointIds' | 'workload' | 'load'> {
  if (isMeasured)
    return {
      reason: 'repeat',
      why: 'measured once: it is neither recommended nor close to the recommended point',
      expected: null,
    }
  const predicted = known?.predict(cell) ?? null
  if (known === undefined || predicted === null)
    return { reason: 'little', why: 'nothing is known of it', expected: null }
  const expected = { x: predicted.x, y: predicted.y }
  const what = `expected ${predicted.x.toFixed(1)} tokens/s per user and ${predicted.y.toFixed(1)} per GPU${sloRemark(predicted)}`
  const better = known.seen.find(o => dominates(o, predicted))
  if (predicted.isBounded)
    return { reason: 'saturated', why: `${what}, past the load at which its workers saturate`, expected }
  if (better === undefined)
    return {
      reason: 'little',
      why: `${what}: it and all else that was left out add less than ${100 * worthwhile} % to the frontier`,
      expected,
    }
  const { cell: other, x, y } = better
  const at = `${deploymentLabel(other.planned.deployment)} at ${levelOf(other)}`
  return { reason: 'dominated', why: `${what}; ${at} has ${x.toFixed(1)} and ${y.toFixed(1)}`, expected }
}

function sloRemark({ sloRatio }: Predicted): string {
  return sloRatio.mean > 0 ? `, ${Math.exp(sloRatio.mean).toFixed(1)} times over the SLO` : ''
}

function levelOf({ repeats }: Cell): string {
  const level = repeats[0]?.load.level
  return level === undefined ? 'another load' : loadLabel(level)
}
