import { type Candidate, candidateOf, type Refused } from './candidate.ts'
import { caveatsOf, type Evidence, evidenceOf } from './evidence.ts'
import type { CapacityPoint } from './point.ts'
import type { PredictCurve } from './predicted-curve.ts'
import type { CapacityQuestion } from './question.ts'
import { type Assumption, type Moved, movedQuestions, timesTraffic } from './sensitivity.ts'

/**
 * Answer to a {@link CapacityQuestion}.
 *
 * @example
 * ```ts
 * import type { CapacityPlan } from 'fulcrum'
 *
 * export const nodesOf = ({ best }: CapacityPlan): number | null => best?.nodes ?? null
 * ```
 */
export interface CapacityPlan {
  readonly question: CapacityQuestion
  /** Recommended deployment; null if no measured one serves the traffic within the SLO on the available nodes. */
  readonly best: Candidate | null
  /** Every deployment that can serve the traffic, fewest nodes first. */
  readonly candidates: readonly Candidate[]
  readonly refused: readonly Refused[]
  readonly sensitivity: readonly Sensitivity[]
  /** Growth per month for the best deployment; empty without growth. */
  readonly months: readonly Month[]
  /**
   * The best deployment with every figure at the unfavorable end of its 95% interval, from repeats and from the
   * precision of the open loop's length. `unknown` for a closed loop without repeats; null if it misses the SLO there.
   */
  readonly cautious: Candidate | 'unknown' | null
  /** The most that the available nodes can serve; null without a limit of nodes, or if they serve all the traffic. */
  readonly most: Most | null
  /** Measured points behind the answer. */
  readonly evidence: readonly Evidence[]
  /** Caveats of the answer, in sentences. */
  readonly caveats: readonly string[]
}

/** The most traffic that the available nodes can serve. */
export interface Most {
  /** Requests/s of the busiest hour, with spare nodes. */
  readonly peakRequestsPerS: number
  readonly candidate: Candidate
}

/** The plan under one changed assumption. */
export interface Sensitivity {
  readonly assumption: Assumption
  readonly by: number
  /** The deployment that needs the fewest nodes, whether or not they are available; null if none meets the SLO. */
  readonly best: Candidate | null
  /** The answer's deployment under the changed assumption; null if it cannot serve the traffic. */
  readonly sameDeployment: Candidate | null
}

/** The plan for the traffic of one month of growth. */
export interface Month {
  readonly month: number
  readonly peakRequestsPerS: number
  readonly replicas: number
  readonly nodes: number
  readonly fits: boolean
}

/**
 * Number of deployments, fewest nodes first, to which a changed assumption is applied: a change of 20% does not make
 * one that is far behind win.
 */
const mostRivals = 6

/**
 * Sizes every measured deployment for the traffic and picks the one with the fewest nodes. Pure.
 * @param predict predicts lengths that were not measured; null to scale the nearest measured ones
 */
export function planCapacity(
  points: readonly CapacityPoint[],
  question: CapacityQuestion,
  predict: PredictCurve | null = null,
): CapacityPlan {
  const all = groupsOf(points)
  const { candidates, refused } = sizedAll(all, question, predict)
  const best = candidates.find(candidate => candidate.fits) ?? null
  const shown = best ?? candidates[0] ?? null
  const rivals = new Set(candidates.slice(0, mostRivals).map(({ deployment }) => deployment.id))
  const near = all.filter(([first]) => first !== undefined && rivals.has(first.deployment.id))
  return {
    question,
    best,
    candidates,
    refused,
    sensitivity:
      shown === null ? [] : movedQuestions(question).map(moved => sensitivityOf(near, moved, shown, predict)),
    months: shown === null ? [] : monthsOf(ownOf(all, shown), question, predict),
    cautious: shown === null ? 'unknown' : cautiously(ownOf(all, shown), question, shown, predict),
    most: best === null && shown !== null ? mostOn(near, question, predict) : null,
    evidence: shown === null ? [] : evidenceOf(shown),
    caveats: shown === null ? (question.traffic.notes ?? []) : caveatsOf(shown, question),
  }
}

/** Points of one deployment. */
type Group = readonly CapacityPoint[]

/** Cache of groups, so that results for a group are found again when another question uses the same points. */
const groups = new WeakMap<object, readonly Group[]>()

function groupsOf(points: readonly CapacityPoint[]): readonly Group[] {
  const known = groups.get(points) ?? [...Map.groupBy(points, point => point.deployment.id).values()]
  groups.set(points, known)
  return known
}

/** The candidate's group. */
const ownOf = (all: readonly Group[], { deployment }: Candidate): Group =>
  all.find(([first]) => first?.deployment.id === deployment.id) ?? []

function sizedAll(all: readonly Group[], question: CapacityQuestion, predict: PredictCurve | null) {
  const sized = all.map(own => candidateOf(own, question, predict))
  const candidates = sized.filter(one => 'replicas' in one)
  return {
    candidates: candidates.toSorted((a, b) => a.nodes - b.nodes || a.gpus - b.gpus || a.utilisation - b.utilisation),
    refused: sized.filter(one => 'why' in one),
  }
}

function cautiously(
  own: Group,
  question: CapacityQuestion,
  answer: Candidate,
  predict: PredictCurve | null,
): CapacityPlan['cautious'] {
  // The length of an open loop determines its precision; a closed loop needs repeats.
  const limits = answer.classes.filter(({ alone }) => alone.precision === null).flatMap(({ alone }) => alone.between)
  if (limits.some(({ point }) => point.valid.length < 2)) return 'unknown'
  const sized = candidateOf(own, question, predict, 'cautious')
  return 'replicas' in sized ? sized : null
}

/** Largest share of the traffic that fits the nodes, to a thousandth. */
function mostOn(near: readonly Group[], question: CapacityQuestion, predict: PredictCurve | null): Most | null {
  let [low, high]: [Most | null, number] = [null, 1]
  let share = 0
  while (high - share > 1e-3) {
    const middle = (share + high) / 2
    const { candidates } = sizedAll(near, timesTraffic(question, middle), predict)
    const candidate = candidates.find(one => one.fits)
    if (candidate === undefined) high = middle
    else {
      share = middle
      low = { peakRequestsPerS: candidate.peakRequestsPerS, candidate }
    }
  }
  return low
}

function sensitivityOf(
  near: readonly Group[],
  moved: Moved,
  answer: Candidate,
  predict: PredictCurve | null,
): Sensitivity {
  const { candidates } = sizedAll(near, moved.question, predict)
  return {
    assumption: moved.assumption,
    by: moved.by,
    best: candidates.find(candidate => candidate.fits) ?? candidates[0] ?? null,
    sameDeployment: candidates.find(candidate => candidate.deployment.id === answer.deployment.id) ?? null,
  }
}

function monthsOf(own: Group, question: CapacityQuestion, predict: PredictCurve | null): readonly Month[] {
  const { traffic } = question
  if (traffic.growthPerMonth === 0) return []
  return Array.from({ length: traffic.months + 1 }, (_, month) => {
    const sized = candidateOf(own, { ...question, traffic: { ...traffic, months: month } }, predict)
    if (!('replicas' in sized)) return []
    const { peakRequestsPerS, replicas, nodes, fits } = sized
    return [{ month, peakRequestsPerS, replicas, nodes, fits }]
  }).flat()
}
