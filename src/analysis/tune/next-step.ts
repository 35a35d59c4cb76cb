import type { Run } from '../../journal/run.ts'
import type { Point } from '../../model/index.ts'
import { meanTokens } from '../../model/index.ts'
import { bestEmbedding, noFrontier } from '../embeddings.ts'
import { loadValue } from '../load-label.ts'
import { type Gap, measureAgain } from '../measure-again.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Recommendation } from '../recommend.ts'
import { type Objective, objectives } from '../slo.ts'
import { type Beyond, brokenObjectives, ms, shortLoad } from './beyond.ts'
import type { BottleneckFinding } from './bottleneck.ts'
import { neighboursOf } from './neighbours.ts'

/** The next step, and the measurements that suggest it. */
export interface NextStep {
  /** Sentences in plain words. */
  readonly advice: string
  /** Sentences with figures: measured loads and topologies, and the objectives that they miss. */
  readonly because: readonly string[]
  /** Command that measures points without a valid result; null if there is nothing to measure again. */
  readonly command: string | null
  /** The points are of embeddings, for which there is no recommendation. */
  readonly isEmbedding?: true
}

/** Basis of the advice. */
export interface Measured {
  readonly run: Pick<Run, 'folder' | 'manifest'>
  /** All points of the workload, valid or not. */
  readonly points: readonly MeasuredPoint[]
  /** Planned points of the workload without a result. */
  readonly unmeasured: readonly Point[]
  readonly recommendation: Recommendation
}

/** More load is not advised if this multiple of it is expected to miss an objective. */
const littleMore = 1.25
/** A deployment is saturated if the logarithm of throughput grew by less than this share of the logarithm of load. */
const saturated = 0.25
/** Ratio of two loads above which a load between them is worth trying. */
const gapBetween = 1.5

/** Advice for a point recommended within the SLO, or without one. */
export function adviceUnderSlo(
  best: MeasuredPoint,
  { run, points, recommendation }: Measured,
  finding: BottleneckFinding,
  heavier: Beyond,
): NextStep {
  const command = heavier.gaps.length === 0 ? null : measureAgain(run, heavier.gaps)
  const here = shortLoad(best.load.level)
  const hasSlo = recommendation.basis === 'slo'
  const { advice, because } = remedy(best, points, finding, heavier)
  const load =
    heavier.kind === 'not tried'
      ? moreLoad(best, points, hasSlo, finding)
      : heavier.kind === 'no result'
        ? [
            `Measure the heavier loads${command === null ? '' : ' again'} before trying others: whether load above ${here} pays is not known.`,
          ]
        : [...between(best, heavier)]
  return { advice: [...advice, ...load].join(' '), because: [...heavier.evidence, ...because], command }
}

/** Change to the deployment that addresses the bottleneck. */
function remedy(
  best: MeasuredPoint,
  points: readonly MeasuredPoint[],
  { stage, role, next }: BottleneckFinding,
  heavier: Beyond,
): { readonly advice: readonly string[]; readonly because: readonly string[] } {
  if (stage === 'none shown' || stage === 'undecided') {
    if (heavier.kind === 'misses' && heavier.point !== null)
      return {
        advice: [
          `The SLO limits the load. What would help: ${helps(
            objectives(heavier.point).filter(o => !o.met),
            best,
            points,
          )}.`,
        ],
        because: [],
      }
    if (heavier.kind === 'no gain' || heavier.kind === 'left out')
      return { advice: ['More load brings no more throughput here: this deployment is at its best.'], because: [] }
    return { advice: next === '' ? [] : [next], because: [] }
  }
  if (role === null) return { advice: [next], because: [] }
  const { untried, measured } = neighboursOf(best, role, points, stage === 'prefill queueing')
  const what = role === 'aggregated' ? 'Add a worker' : `Give ${role} a larger share`
  const advice =
    untried.length > 0
      ? `${what}: try ${untried.join(' or ')}, not measured yet.`
      : 'The neighboring topologies were measured, and none is better.'
  return { advice: [advice, ...(next === '' ? [] : [next])], because: measured }
}

/** Whether a load above the heaviest measured one is worth trying. */
function moreLoad(
  best: MeasuredPoint,
  points: readonly MeasuredPoint[],
  hasSlo: boolean,
  { stage }: BottleneckFinding,
): readonly string[] {
  if (stage === 'client') return []
  const here = shortLoad(best.load.level)
  const lighter = previous(best, points)
  const beyondLimit = (times: number, least: number) =>
    objectives(best).filter(objective => expected(objective, best, lighter, times, least) > objective.limitMs)
  const near = (broken: readonly Objective[]) =>
    broken
      .map(({ title, valueMs, limitMs }) => `${title} is ${ms(valueMs ?? 0, limitMs)}, limit ${limitMs} ms`)
      .join(', ')
  const breaks = beyondLimit(littleMore, 0)
  if (breaks.length > 0) return [`More load than ${here} is likely to miss the SLO: ${near(breaks)}.`]
  if (lighter !== null && growthPerLoad(best, lighter, 'request_throughput') < saturated)
    return [
      `Load above ${here} is unlikely to bring more: throughput hardly rose from ${shortLoad(lighter.load.level)} on.`,
    ]
  // In a saturated closed loop, latency grows in proportion to load.
  const soon = beyondLimit(2, 1)
  if (soon.length > 0)
    return [`A little more load than ${here} may still meet the SLO, but twice as much may not: ${near(soon)}.`]
  if (hasSlo) return [`Try more load: it still meets the SLO at ${here}, the heaviest load measured.`]
  return [`Try more load: throughput still rises at ${here}, the heaviest load measured.`]
}

/** Loads between the recommended one and the next, if these are far apart. */
function between(best: MeasuredPoint, { kind, point }: Beyond): readonly string[] {
  if (kind !== 'misses' || point === null || point.deployment.id !== best.deployment.id) return []
  const [low, high] = [loadValue(best.load.level), loadValue(point.load.level)]
  if (low === null || high === null || high < gapBetween * low || high - low < 2) return []
  return [
    `Loads between ${shortLoad(best.load.level)} and ${shortLoad(point.load.level)} were not measured: one may still meet the SLO.`,
  ]
}

/**
 * Expected value of an objective at a multiple of the load, extrapolated from the two heaviest loads.
 * @param least minimum exponent of its growth
 */
function expected(
  { figure, valueMs }: Objective,
  best: MeasuredPoint,
  lighter: MeasuredPoint | null,
  times: number,
  least: number,
): number {
  const grows = lighter === null ? 0 : growthPerLoad(best, lighter, figure)
  return (valueMs ?? 0) * times ** Math.max(least, grows)
}

/** Exponent with which a figure grows with the load. */
function growthPerLoad(point: MeasuredPoint, lighter: MeasuredPoint, figure: string): number {
  const [now, before] = [point.figures[figure]?.mean, lighter.figures[figure]?.mean]
  const [load, lighterLoad] = [loadValue(point.load.level), loadValue(lighter.load.level)]
  if (!now || !before || load === null || lighterLoad === null) return 1
  return Math.log(now / before) / Math.log(load / lighterLoad)
}

/** Next lighter valid load of the same deployment. */
function previous(point: MeasuredPoint, points: readonly MeasuredPoint[]): MeasuredPoint | null {
  return (
    ofDeployment(point, points)
      .filter(other => (loadValue(other.load.level) ?? 0) < (loadValue(point.load.level) ?? 0))
      .at(-1) ?? null
  )
}

/** Valid points of a deployment by ascending load. */
function ofDeployment(point: MeasuredPoint, points: readonly MeasuredPoint[]): readonly MeasuredPoint[] {
  return points
    .filter(
      other =>
        other.status === 'ok' &&
        other.deployment.id === point.deployment.id &&
        other.load.level.kind === point.load.level.kind,
    )
    .toSorted((a, b) => (loadValue(a.load.level) ?? 0) - (loadValue(b.load.level) ?? 0))
}

/** Advice if no point meets the SLO: lighter loads if there are any, otherwise what the objectives depend on. */
export function adviceWhereMissed(nearest: MeasuredPoint, { run, points, unmeasured }: Measured): NextStep {
  const { level } = nearest.load
  const because = [
    `${nearest.label} at ${shortLoad(level)} comes nearest and misses ${brokenObjectives(nearest).join(', ')}.`,
  ]
  const ways = helps(
    objectives(nearest).filter(objective => !objective.met),
    nearest,
    points,
  )
  const gaps = lighterGaps(nearest, points, unmeasured)
  if (gaps.length > 0)
    return {
      advice: `Nothing that was measured meets the SLO, and lighter loads of ${nearest.label} have no valid result: measure them first. If they miss too: ${ways}.`,
      because,
      command: measureAgain(run, gaps),
    }
  const isLightest = ofDeployment(nearest, points)[0]?.key === nearest.key
  if (isLightest && level.kind === 'concurrency' && level.concurrency > 1)
    return {
      advice: `Nothing meets the SLO. ${shortLoad(level)} is the lightest load measured: try fewer requests at once, from concurrency 1. If that misses too: ${ways}.`,
      because,
      command: null,
    }
  if (isLightest && level.kind === 'rate')
    return {
      advice: `Nothing meets the SLO. ${shortLoad(level)} is the lowest rate measured: try a lower one. If that misses too: ${ways}.`,
      because,
      command: null,
    }
  const where =
    level.kind === 'concurrency' && level.concurrency === 1
      ? 'Nothing meets the SLO even at concurrency 1, where no request waits for another.'
      : 'Nothing meets the SLO.'
  return { advice: `${where} What would help: ${ways}.`, because, command: null }
}

/** Why lighter loads of the same deployment have no valid measurement. */
function lighterGaps(
  point: MeasuredPoint,
  points: readonly MeasuredPoint[],
  unmeasured: readonly Point[],
): readonly Gap[] {
  const isLighter = ({ deployment, load: { level } }: Pick<Point, 'deployment' | 'load'>) =>
    deployment.id === point.deployment.id &&
    level.kind === point.load.level.kind &&
    (loadValue(level) ?? 0) < (loadValue(point.load.level) ?? 0)
  return [
    ...points
      .filter(isLighter)
      .map(({ status }) => status)
      .filter(status => status !== 'ok'),
    ...unmeasured.filter(isLighter).map(() => 'missing' as const),
  ]
}

/** Changes that would bring an objective within its limit. */
function helps(
  broken: readonly Objective[],
  { workload, deployment, load }: MeasuredPoint,
  points: readonly MeasuredPoint[],
): string {
  const isSplitMeasured = points.some(p => p.status === 'ok' && p.deployment.topology.kind === 'disaggregated')
  const role = deployment.topology.kind === 'aggregated' ? 'aggregated' : null
  const limit = (key: string) => `a looser ${key}`
  const ways = broken.flatMap(({ figure, valueMs }) => {
    if (valueMs === null && figure === 'ttfo_p95_ms')
      return [
        'answers that show where reasoning ends (a reasoning parser on the server, and a larger osl if they never end)',
      ]
    if (valueMs === null)
      return load.streaming
        ? ['a server that streams its answers']
        : ['streaming: true, without which it can’t be measured']
    switch (figure) {
      case 'ttft_p95_ms':
        return [
          `shorter prompts (ISL ${Math.round(meanTokens(workload.isl))} now)`,
          `more GPUs for each ${role ?? 'prefill'} worker (tensor parallelism)`,
          limit(figure),
        ]
      case 'ttfo_p95_ms':
        return [
          'less reasoning (a lower reasoning effort)',
          `more GPUs for each ${role ?? 'decode'} worker (tensor parallelism)`,
          limit(figure),
        ]
      case 'itl_p95_ms':
        return [
          `more GPUs for each ${role ?? 'decode'} worker (tensor parallelism)`,
          ...(role === null || isSplitMeasured
            ? []
            : ['a disaggregated topology, where prompts do not interrupt answers']),
          limit(figure),
        ]
      default:
        return [
          `shorter prompts and answers (${Math.round(meanTokens(workload.isl))}/${Math.round(meanTokens(workload.osl))} now)`,
          'more GPUs for each worker (tensor parallelism)',
          limit(figure),
        ]
    }
  })
  const all = [...new Set([...ways, 'another topology than those measured'])]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

/** Maximum reasons to name if nothing is valid. */
const mostReasons = 3

/** Advice if no point of a workload is valid: which points are invalid, why, and how to measure them again. */
export function adviceWithoutResult({ run, points, unmeasured }: Measured): NextStep {
  const vectors = bestEmbedding(points)
  if (vectors !== null) return { advice: vectors, because: [noFrontier], command: null, isEmbedding: true }
  const results = points.flatMap(({ repeats }) => repeats)
  const gaps: readonly Gap[] = [
    ...results.map(({ status }) => status).filter(status => status !== 'ok'),
    ...unmeasured.map(() => 'missing' as const),
  ]
  const kinds = [
    ...Map.groupBy(points, ({ status, reason }) => `${status}: ${reason === '' ? 'no reason was given' : reason}`),
  ]
  const because = kinds.slice(0, mostReasons).map(([reason, alike]) => {
    const named = alike.slice(0, mostReasons).map(({ label, load }) => `${label} at ${shortLoad(load.level)}`)
    const more = alike.length > mostReasons ? ` and ${alike.length - mostReasons} more` : ''
    return `${named.join(', ')}${more} ${reason.replace(/^invalid/, alike.length === 1 ? 'is invalid' : 'are invalid')}`
  })
  const rest =
    kinds.length > mostReasons ? [`${kinds.length - mostReasons} more reasons are in the report under Validity.`] : []
  const command = measureAgain(run, gaps)
  const again = command === null ? 'measure again' : 'measure again with the command below'
  return {
    advice: `No point has a valid measurement, so there is no answer. Remove the cause, then ${again}.`,
    because: [...because, ...rest],
    command,
  }
}
