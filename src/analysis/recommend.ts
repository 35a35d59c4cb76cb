import { counted, gpusOfRole, largest, smallest, workersOf } from '../model/index.ts'
import type { Difference } from './estimate.ts'
import { differenceOf } from './estimate.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { meetsSlo, objectives, worstSloRatio } from './slo.ts'
import { bestByThroughput, isTie } from './ties.ts'

/** Deployment recommended for a workload, and how certain the recommendation is. */
export interface Recommendation {
  /**
   * `slo`: the most output tokens/s per GPU among points that meet the SLO; of equal ones, the fewest GPUs. `no-slo`:
   * the same among all valid points. `missed`: no point meets the SLO; this one comes closest. `nothing`: no valid
   * point.
   */
  readonly basis: 'slo' | 'no-slo' | 'missed' | 'nothing'
  readonly best: MeasuredPoint | null
  /** Best point of another deployment under the same rule. */
  readonly runnerUp: { readonly point: MeasuredPoint; readonly lead: Difference } | null
  /** Sentences about what would make the recommendation more certain or better. */
  readonly caveats: readonly string[]
}

/** Recommends among the points of one workload. */
export function recommend(points: readonly MeasuredPoint[]): Recommendation {
  const valid = points.filter(point => point.status === 'ok' && point.y !== null)
  if (valid.length === 0) return { basis: 'nothing', best: null, runnerUp: null, caveats: [] }
  const meeting = valid.filter(meetsSlo)
  const hasSlo = valid.some(point => objectives(point).length > 0)
  const basis = meeting.length === 0 ? 'missed' : hasSlo ? 'slo' : 'no-slo'
  const best = (basis === 'missed' ? nearest(valid) : mostThroughput(meeting)) ?? null
  const others = (points: readonly MeasuredPoint[]) => points.filter(p => p.deployment.id !== best?.deployment.id)
  const second = basis === 'missed' ? undefined : mostThroughput(others(meeting))
  const runnerUp =
    best?.y && second?.y && basis !== 'missed' ? { point: second, lead: differenceOf(best.y, second.y) } : null
  return { basis, best, runnerUp, caveats: best === null ? [] : caveats(best, runnerUp, valid) }
}

const mostThroughput = (points: readonly MeasuredPoint[]) =>
  bestByThroughput(points, ({ y, gpus }) => ({ throughput: y, gpus }))

/** Point closest to the SLO; among equally close ones, the one with the most throughput. */
function nearest(points: readonly MeasuredPoint[]): MeasuredPoint | undefined {
  const least = smallest(points.map(worstSloRatio))
  return mostThroughput(points.filter(point => worstSloRatio(point) === least))
}

function caveats(best: MeasuredPoint, runnerUp: Recommendation['runnerUp'], valid: readonly MeasuredPoint[]): string[] {
  const said: string[] = []
  if (runnerUp !== null && best.y !== null && runnerUp.point.y !== null && isTie(best.y, runnerUp.point.y))
    said.push(tieWith(best, runnerUp.point))
  if (runnerUp?.lead.verdict === 'unknown') said.push('Add repeats (repeats: 3) to learn how certain the lead is.')
  for (const objective of objectives(best).filter(o => o.close))
    said.push(
      `${objective.title} is too close to its limit to be certain: the confidence interval contains ${objective.limitMs} ms.`,
    )
  const samples = smallest(best.valid.map(m => m.ttftMs?.count ?? m.requestLatencyMs?.count ?? 0))
  if (samples < 100)
    said.push(`Its p95 comes from ${counted(samples, 'request')}; with fewer than 100, a p95 is only a rough figure.`)
  said.push(...edgeOfRatio(best, valid), ...cacheLeft(best))
  return said
}

function tieWith(best: MeasuredPoint, other: MeasuredPoint): string {
  const equal = `${other.label} on ${gpusText(other.gpus)} gives the same throughput per GPU within the accuracy of the measurements`
  return best.gpus < other.gpus ? `${equal}: the tie goes to fewer GPUs (${best.gpus}).` : `${equal}.`
}

const gpusText = (gpus: number) => `${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`

/** Smaller shares of the prompts are not worth advice. */
const leastCacheLeft = 0.1

/** Reports how much of the prompts the prefix cache served, if it could have served clearly more. */
function cacheLeft({ figures, deployment }: MeasuredPoint): string[] {
  const cached = figures.cached_prompt_tokens_share?.mean
  const possible = figures.possible_cached_share?.mean
  if (cached === undefined || possible === undefined || possible - cached < leastCacheLeft) return []
  const percent = (share: number) => `${Math.round(100 * share)}%`
  const workers = workersOf(deployment.topology, 'aggregated') + workersOf(deployment.topology, 'prefill')
  const advice = workers > 1 ? ' Routing by prefix (router mode kv) or fewer, larger workers could reuse more.' : ''
  return [
    `The prefix cache serves ${percent(cached)} of the prompt tokens, but could serve ${percent(possible)}.${advice}`,
  ]
}

/** If the best prefill share is the most extreme one in the sweep, the optimum may lie outside the sweep. */
function edgeOfRatio(best: MeasuredPoint, valid: readonly MeasuredPoint[]): string[] {
  const share = (p: MeasuredPoint) => gpusOfRole(p.deployment, 'prefill') / p.gpus
  const shares = valid.filter(p => p.deployment.topology.kind === 'disaggregated').map(share)
  if (best.deployment.topology.kind !== 'disaggregated' || new Set(shares).size < 2) return []
  if (share(best) >= largest(shares)) return ['It has the largest prefill share swept: the best ratio may lie beyond.']
  if (share(best) <= smallest(shares))
    return ['It has the smallest prefill share swept: the best ratio may lie beyond.']
  return []
}
