import { hypervolume } from '../analysis/hypervolume.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import type { Cell } from './cells.ts'
import type { Cost } from './cost.ts'
import { expectedGain, type Knowledge } from './knowledge.ts'
import { planeOf } from './plane.ts'
import type { Predicted } from './predict.ts'

/** The search ends if all remaining points together would add less than this share of hypervolume. */
export const worthwhile = 0.003

/** The same for throughput within the SLO. */
const worthwhileUnderSlo = 0.01

/** A load expected to exceed the SLO by more than this factor is assumed to miss it without a measurement. */
const farOver = 10

/** A cell that is worth measuring, and its expected relative gain. */
export interface Wanted {
  readonly cell: Cell
  readonly worth: number
}

interface Candidate {
  readonly cell: Cell
  readonly predicted: Predicted
  readonly seconds: number
}

/** Remaining work on one workload, as expected. */
interface Pursuit {
  readonly open: Set<Candidate>
  readonly places: { readonly x: number; readonly y: number }[]
  /** Hypervolume if all points were measured. */
  readonly whole: number
}

/**
 * The cheapest known way to the end: cells with the largest gain for their time, one after another, until the rest
 * would add too little. Also contains each workload's cell with the highest expected gain within the SLO. If nothing
 * else is left, it contains the cell just beyond the best one, because whether that still meets the SLO must be
 * measured rather than expected.
 *
 * @param reached deployments that need no worker to be started
 */
export function shortlist(
  open: readonly Cell[],
  knowledge: ReadonlyMap<string, Knowledge>,
  cost: Cost,
  reached: readonly PlannedDeployment[],
): readonly Wanted[] {
  const wanted: Wanted[] = []
  const scouts = scoutsOf(open, knowledge)
  const deployed = new Set(reached)
  const pursuits: Pursuit[] = []
  const brackets: Wanted[] = []
  for (const [workload, cells] of Map.groupBy(open, cell => cell.workload)) {
    const known = knowledge.get(workload)
    if (known === undefined) continue
    const candidates = cells.flatMap(cell => candidateOf(cell, known, cost) ?? [])
    const best = bestUnderSlo(
      candidates.filter(({ predicted }) => !predicted.isFar),
      known,
    )
    if (best !== undefined) {
      wanted.push(best)
      deployed.add(best.cell.planned)
    }
    const heavier = heavierThanBest(candidates, known)
    if (heavier !== undefined) brackets.push(heavier)
    pursuits.push(pursuitOf(candidates, known, best?.cell))
  }
  for (const next of cheapestFirst(pursuits, cost, deployed)) wanted.push(next)
  if (wanted.length === 0) return brackets
  return wanted.map(next => ({ ...next, cell: scouts.get(next.cell) ?? next.cell }))
}

/**
 * For each cell too far away to be predicted: the heaviest predictable one of the same deployment and workload, which
 * is measured first.
 */
function scoutsOf(open: readonly Cell[], knowledge: ReadonlyMap<string, Knowledge>): ReadonlyMap<Cell, Cell> {
  const scouts = new Map<Cell, Cell>()
  for (const alike of Map.groupBy(open, ({ planned, workload }) => `${planned.deployment.id} ${workload}`).values()) {
    let scout: Cell | undefined
    for (const cell of alike) {
      const isFar = knowledge.get(cell.workload)?.predict(cell)?.isFar === true
      if (!isFar) scout = cell
      else scouts.set(cell, scout ?? cell)
      if (isFar && scout === undefined) scout = cell
    }
  }
  return scouts
}

function candidateOf(cell: Cell, known: Knowledge, cost: Cost): Candidate | null {
  const [point] = cell.repeats
  const predicted = known.predict(cell)
  if (predicted === null || point === undefined) return null
  return {
    cell,
    predicted,
    seconds: cost.pointS + cost.measuring(point, predicted.requestsPerS),
  }
}

function bestUnderSlo(candidates: readonly Candidate[], known: Knowledge): Wanted | undefined {
  let best: Wanted | undefined
  for (const { cell, predicted } of candidates) {
    const worth = expectedGain(known, predicted)
    if (worth > Math.max(worthwhileUnderSlo, best?.worth ?? 0)) best = { cell, worth }
  }
  return best
}

/** Next heavier load of the best deployment within the SLO, if it would have more throughput. */
function heavierThanBest(candidates: readonly Candidate[], { best }: Knowledge): Wanted | undefined {
  if (best === null || !best.meetsSlo) return undefined
  const next = candidates.find(
    ({ cell }) => cell.planned === best.cell.planned && (cell.load ?? 0) > (best.cell.load ?? 0),
  )
  if (next === undefined || next.predicted.sloRatio.mean > Math.log(farOver)) return undefined
  const worth = next.predicted.y / best.y - 1
  return worth > worthwhileUnderSlo ? { cell: next.cell, worth } : undefined
}

function pursuitOf(candidates: readonly Candidate[], known: Knowledge, taken: Cell | undefined): Pursuit {
  const places: { readonly x: number; readonly y: number }[] = [...known.seen]
  const whole = hypervolume([...places, ...candidates.map(c => c.predicted)])
  const open = new Set(candidates.filter(c => c.cell !== taken && known.plane.gain(c.predicted) > 0))
  for (const { cell, predicted } of candidates) if (cell === taken) places.push(predicted)
  return { open, places, whole }
}

function* cheapestFirst(pursuits: readonly Pursuit[], cost: Cost, deployed: Set<PlannedDeployment>): Generator<Wanted> {
  for (;;) {
    let best: { readonly candidate: Candidate; readonly pursuit: Pursuit; readonly worth: number } | undefined
    let most = 0
    for (const pursuit of pursuits) {
      const plane = planeOf(pursuit.places)
      if (plane.hypervolume >= (1 - worthwhile) * pursuit.whole) continue
      for (const candidate of pursuit.open) {
        const worth = plane.gain(candidate.predicted)
        if (worth <= 0) {
          pursuit.open.delete(candidate)
          continue
        }
        const seconds = candidate.seconds + (deployed.has(candidate.cell.planned) ? 0 : cost.redeployS)
        if (worth / seconds > most) {
          most = worth / seconds
          best = { candidate, pursuit, worth }
        }
      }
    }
    if (best === undefined) return
    best.pursuit.open.delete(best.candidate)
    best.pursuit.places.push(best.candidate.predicted)
    deployed.add(best.candidate.cell.planned)
    yield { cell: best.candidate.cell, worth: Math.min(1, best.worth) }
  }
}
