import type { JournalLine } from '../../journal/index.ts'
import type { Slo } from '../../point/index.ts'
import { settledIn } from '../run/missing.ts'
import type { Cell, Series } from './cells.ts'
import { type Observation, observe, resultsById } from './observe.ts'
import { type Plane, planeOf } from './plane.ts'
import { type Predicted, type Predictor, predictor } from './predict.ts'

/** Less than this much more hypervolume, or throughput under the SLO, as a share, is not worth a point. */
export const worthwhile = 0.002

/** How far above what is predicted a latency's p95 must be allowed to lie below it, as a share. */
const sloSlack = 0.1

/** Loads may be tried up to this many times the heaviest one measured of a deployment; beyond, a prediction is a guess. */
const stride = 8

/** What a journal says of a plan's cells. */
export interface View {
  /** Whether a cell's first repeat has its result. */
  isSettled(cell: Cell): boolean
  /** What measuring a cell may bring, as a share of what there is; 0 when it can't win, 1 when nothing is known of it. */
  worthOf(cell: Cell): number
  predict(cell: Cell): Predicted | null
}

interface Knowledge {
  readonly plane: Plane
  readonly predict: Predictor
  /** The most tokens/s per GPU measured under the SLO; 0 while nothing met it. */
  readonly best: number
}

/** Looks at a journal through a plan's cells. */
export function viewOf(allSeries: readonly Series[], lines: readonly JournalLine[]): View {
  const results = resultsById(lines)
  const isSettledPoint = settledIn(lines)
  const settled = new Set<number>()
  const seen: Observation[] = []
  for (const cell of allSeries.flat()) {
    const [first] = cell.repeats
    if (first === undefined || !isSettledPoint(first)) continue
    settled.add(cell.index)
    const observation = observe(cell, results)
    if (observation !== null) seen.push(observation)
  }
  const knowledge = new Map([...Map.groupBy(seen, o => o.cell.workload)].map(([key, own]) => [key, knowledgeOf(own)]))
  const seriesOfCell = new Map(allSeries.flatMap(series => series.map(cell => [cell.index, series] as const)))
  const ownOf = Map.groupBy(seen, o => seriesOfCell.get(o.cell.index))

  const isSettled = (cell: Cell) => settled.has(cell.index)
  const predict = (cell: Cell) => knowledge.get(cell.workload)?.predict(cell) ?? null
  return {
    isSettled,
    predict,
    worthOf(cell) {
      if (isSettled(cell)) return 0
      const series = seriesOfCell.get(cell.index) ?? []
      const own = ownOf.get(series) ?? []
      if (cell.load === null) return 1
      const known = knowledge.get(cell.workload)
      const predicted = predict(cell)
      if (known === undefined || predicted === null) return series.find(c => !isSettled(c)) === cell ? 1 : 0
      if (
        isTooFar(
          cell,
          own,
          series.filter(c => !isSettled(c)),
        )
      )
        return 0
      const gain = known.plane.gain(predicted)
      const underSlo = mayMeet(cell, predicted, own) ? sloGain(predicted.y, known.best) : 0
      const worth = Math.max(gain, underSlo)
      return worth > worthwhile ? Math.min(1, worth) : 0
    },
  }
}

function knowledgeOf(seen: readonly Observation[]): Knowledge {
  return {
    plane: planeOf(seen),
    predict: predictor(seen),
    best: Math.max(0, ...seen.filter(o => o.meetsSlo).map(o => o.y)),
  }
}

const sloGain = (y: number, best: number) => (best === 0 ? 1 : y / best - 1)

function isTooFar(cell: Cell, own: readonly Observation[], open: readonly Cell[]): boolean {
  if (own.length === 0) return false
  const heaviest = Math.max(...own.map(o => o.cell.load ?? 0))
  const next = open.find(other => (other.load ?? 0) > heaviest)
  return (cell.load ?? 0) > heaviest * stride && cell !== next
}

/** More load never helps latency: what missed the SLO at a lighter load misses it here. */
function mayMeet(cell: Cell, predicted: Predicted, own: readonly Observation[]): boolean {
  if (own.some(o => !o.meetsSlo && (o.cell.load ?? 0) <= (cell.load ?? 0))) return false
  const slo: Slo = cell.repeats[0]?.slo ?? {}
  const below = (seconds: number, limitMs: number | undefined) =>
    limitMs === undefined || seconds * 1000 * (1 - sloSlack) <= limitMs
  return below(predicted.ttftS, slo.ttftP95Ms) && below(predicted.itlS, slo.itlP95Ms)
}
