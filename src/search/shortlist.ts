import type { Coordinates } from '../analysis/frontier.ts'
import { hypervolume } from '../analysis/hypervolume.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import type { Cell } from './cells.ts'
import type { Cost } from './cost.ts'
import { fewest } from './fewest.ts'
import { expectedGain, type Knowledge } from './knowledge.ts'
import { planeOf } from './plane.ts'
import type { Predicted } from './predict.ts'

/** The search ends if all remaining points together would add less than this share of hypervolume. */
export const worthwhile = 0.004

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
  readonly open: readonly Candidate[]
  /** Measured, or on the list for the SLO's sake. */
  readonly places: readonly Coordinates[]
  /** Hypervolume at which what is left adds too little. */
  readonly goal: number
}

/**
 * The cheapest known way to the end. First the deployments: cells with the largest gain for their time join one after
 * another, until the rest would add too little. Then the cells: the fewest on those deployments that leave no more.
 * Also contains each workload's cell with the highest expected gain within the SLO. If nothing else is left, it
 * contains the cell just beyond the best one, because whether that still meets the SLO must be measured rather than
 * expected.
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
  const deployed = new Set(reached)
  const pursuits: Pursuit[] = []
  const brackets: Wanted[] = []
  for (const [workload, cells] of Map.groupBy(open, cell => cell.workload)) {
    const known = knowledge.get(workload)
    if (known === undefined) continue
    const candidates = cells.flatMap(cell => candidateOf(cell, known, cost) ?? [])
    const best = bestUnderSlo(candidates, known)
    if (best !== undefined) {
      wanted.push(best)
      deployed.add(best.cell.planned)
    }
    const heavier = heavierThanBest(candidates, known)
    if (heavier !== undefined) brackets.push(heavier)
    pursuits.push(pursuitOf(candidates, known, best?.cell))
  }
  const visited = cheapestDeployments(pursuits, cost, deployed)
  wanted.push(...pursuits.flatMap(pursuit => fewestOf(pursuit, visited)))
  return wanted.length === 0 ? brackets : wanted
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

/** Next heavier load of the best deployment within the SLO, if it is not measured and would have more throughput. */
function heavierThanBest(candidates: readonly Candidate[], { best, seen }: Knowledge): Wanted | undefined {
  if (best === null || !best.meetsSlo) return undefined
  const isHeavier = ({ cell }: { readonly cell: Cell }) =>
    cell.planned === best.cell.planned && (cell.load ?? 0) > (best.cell.load ?? 0)
  const next = candidates.find(isHeavier)
  if (next === undefined || next.predicted.sloRatio.mean > Math.log(farOver)) return undefined
  const isNextMeasured = seen.some(o => isHeavier(o) && (o.cell.load ?? 0) < (next.cell.load ?? 0))
  const worth = next.predicted.y / best.y - 1
  return !isNextMeasured && worth > worthwhileUnderSlo ? { cell: next.cell, worth } : undefined
}

function pursuitOf(all: readonly Candidate[], known: Knowledge, taken: Cell | undefined): Pursuit {
  const isSaturated = saturatedBy(known)
  const candidates = all.filter(({ cell, predicted }) => cell === taken || !predicted.isBounded || !isSaturated(cell))
  const places: Coordinates[] = [...known.seen]
  const whole = hypervolume([...places, ...candidates.map(c => c.predicted)])
  const open = candidates.filter(c => c.cell !== taken && known.plane.gain(c.predicted) > 0)
  for (const { cell, predicted } of candidates) if (cell === taken) places.push(predicted)
  return { open, places, goal: (1 - worthwhile) * whole }
}

/** Whether a lighter load saturated the deployment: a heavier one then waits longer, and gives the same. */
function saturatedBy({ seen, predict }: Knowledge): (cell: Cell) => boolean {
  const saturating = seen.filter(({ cell }) => predict(cell)?.isBounded === true)
  return ({ planned, load }) =>
    saturating.some(({ cell }) => cell.planned === planned && (cell.load ?? 0) < (load ?? 0))
}

/** Those of the cells with the largest gain for their time, including the start of their workers. */
function cheapestDeployments(
  pursuits: readonly Pursuit[],
  cost: Cost,
  reached: ReadonlySet<PlannedDeployment>,
): ReadonlySet<PlannedDeployment> {
  const deployed = new Set(reached)
  const ways = pursuits.map(({ open, places, goal }) => ({ open: new Set(open), places: [...places], goal }))
  for (;;) {
    let best: { readonly candidate: Candidate; readonly way: (typeof ways)[number] } | undefined
    let most = 0
    for (const way of ways) {
      const plane = planeOf(way.places)
      if (plane.hypervolume >= way.goal) continue
      for (const candidate of way.open) {
        const worth = plane.gain(candidate.predicted)
        if (worth <= 0) {
          way.open.delete(candidate)
          continue
        }
        const seconds = candidate.seconds + (deployed.has(candidate.cell.planned) ? 0 : cost.redeployS)
        if (worth / seconds > most) {
          most = worth / seconds
          best = { candidate, way }
        }
      }
    }
    if (best === undefined) return deployed
    best.way.open.delete(best.candidate)
    best.way.places.push(best.candidate.predicted)
    deployed.add(best.candidate.cell.planned)
  }
}

/** The fewest cells on some deployments that reach a goal, the largest gain first. */
function fewestOf({ open, places, goal }: Pursuit, visited: ReadonlySet<PlannedDeployment>): readonly Wanted[] {
  const candidates = open
    .filter(({ cell }) => visited.has(cell.planned))
    .map(({ cell, predicted: { x, y } }) => ({ cell, x, y }))
  const left = new Set(fewest(places, candidates, goal))
  const reached: Coordinates[] = [...places]
  const wanted: Wanted[] = []
  while (left.size > 0) {
    const { gain } = planeOf(reached)
    const next = [...left].reduce((a, b) => (gain(b) > gain(a) ? b : a))
    wanted.push({ cell: next.cell, worth: Math.min(1, gain(next)) })
    reached.push(next)
    left.delete(next)
  }
  return wanted
}
