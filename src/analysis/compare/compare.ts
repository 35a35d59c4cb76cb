import type { Run } from '../../journal/run.ts'
import { adjustForFalseDiscovery } from '../../metrics/statistics/false-discovery.ts'
import type { Figure } from '../figures.ts'
import { figures } from '../figures.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { measuredPoints } from '../measured-point.ts'
import type { Noise, RatioTest } from '../statistics/log-ratio.ts'
import { pooledNoise, ratioTest } from '../statistics/log-ratio.ts'
import type { EnvironmentDifference } from './environment.ts'
import { environmentDifferences } from './environment.ts'
import type { FrontierGain } from './frontier-gain.ts'
import { frontierGains } from './frontier-gain.ts'
import type { Pair } from './match.ts'
import { matchPoints } from './match.ts'
import type { Threshold } from './threshold.ts'
import { isBeyond } from './threshold.ts'

/** `faster` and `slower` are shown at the false-discovery rate; the other two are honest silences. */
export type Verdict = 'faster' | 'slower' | 'no difference shown' | 'not comparable'

/** One figure of one point, before and after. */
export interface FigureChange {
  readonly figure: Figure
  readonly base: number | null
  readonly head: number | null
  /** head / base − 1; null when not comparable. */
  readonly relative: number | null
  readonly ci95: readonly [low: number, high: number] | null
  /** Adjusted for all figures of all points; null without a test. */
  readonly adjustedP: number | null
  readonly verdict: Verdict
  /** Why it is not comparable, or why nothing could be shown. */
  readonly why: string
}

export interface ComparedPoint extends Pair {
  readonly changes: readonly FigureChange[]
}

/** A threshold and the points that broke it. */
export interface ThresholdOutcome {
  readonly threshold: Threshold
  readonly broken: readonly { readonly point: ComparedPoint; readonly change: FigureChange }[]
  /** Points beyond the threshold in size without the change being shown. */
  readonly beyondButNotShown: number
}

/** Two runs, point by point. */
export interface Comparison {
  readonly base: Run
  readonly head: Run
  readonly differences: readonly EnvironmentDifference[]
  readonly points: readonly ComparedPoint[]
  readonly onlyBase: readonly MeasuredPoint[]
  readonly onlyHead: readonly MeasuredPoint[]
  readonly frontiers: readonly FrontierGain[]
  readonly thresholds: readonly ThresholdOutcome[]
  /** Tests that the adjusted p-values share. */
  readonly tests: number
}

/** Expected share of wrong calls among all `faster` and `slower`. */
export const falseDiscoveryRate = 0.05

/** Figures that are compared without being asked for. */
const usual = [
  'ttft_p50_ms',
  'ttft_p95_ms',
  'itl_p50_ms',
  'itl_p95_ms',
  'request_latency_p95_ms',
  'output_tokens_per_s_per_user',
  'output_tokens_per_s_per_gpu',
]

/** Compares HEAD with BASE. Pure; the thresholds' figures are compared besides the usual ones. */
export function compareRuns(base: Run, head: Run, thresholds: readonly Threshold[] = []): Comparison {
  const { pairs, onlyBase, onlyHead } = matchPoints(measuredPoints(base), measuredPoints(head))
  const asked = new Set([...usual, ...thresholds.map(threshold => threshold.figure.name)])
  const compared = figures.filter(figure => asked.has(figure.name))
  const noises = new Map(compared.map(figure => [figure.name, noiseOf(figure, pairs)]))
  const raw = pairs.map(pair => compared.map(figure => rawChange(figure, pair, noises.get(figure.name) ?? null)))
  const tested = raw.flat().filter(change => change.test !== null)
  const adjusted = adjustForFalseDiscovery(tested.map(change => change.test?.p ?? 1))
  const adjustedOf = new Map(tested.map((change, i) => [change, adjusted[i] ?? 1]))
  const points = pairs.map((pair, i) => ({
    ...pair,
    changes: (raw[i] ?? []).map(change => judged(change, adjustedOf.get(change) ?? null)),
  }))
  return {
    base,
    head,
    differences: environmentDifferences(base, head),
    points,
    onlyBase,
    onlyHead,
    frontiers: frontierGains(pairs),
    thresholds: thresholds.map(threshold => thresholdOutcome(threshold, points)),
    tests: tested.length,
  }
}

interface RawChange {
  readonly figure: Figure
  readonly base: readonly number[]
  readonly head: readonly number[]
  readonly test: RatioTest | null
  readonly why: string
}

const valuesOf = (figure: Figure, point: MeasuredPoint) =>
  point.valid.flatMap(measurement => figure.of(measurement, point.deployment) ?? [])

function noiseOf(figure: Figure, pairs: readonly Pair[]): Noise | null {
  return pooledNoise(pairs.flatMap(pair => [valuesOf(figure, pair.base), valuesOf(figure, pair.head)]))
}

function rawChange(figure: Figure, pair: Pair, noise: Noise | null): RawChange {
  const base = valuesOf(figure, pair.base)
  const head = valuesOf(figure, pair.head)
  const silent = (why: string) => ({ figure, base, head, test: null, why })
  if (pair.base.status !== 'ok') return silent(`base is ${pair.base.status}: ${pair.base.reason}`)
  if (pair.head.status !== 'ok') return silent(`head is ${pair.head.status}: ${pair.head.reason}`)
  if (base.length === 0 || head.length === 0) return silent(`not measured in ${base.length === 0 ? 'base' : 'head'}`)
  if ([...base, ...head].some(value => value <= 0)) return silent('a value of 0 has no ratio')
  const test = ratioTest(base, head, noise)
  const why =
    test === null
      ? 'measured once and no point was repeated: noise is not known'
      : base.length < 2 || head.length < 2
        ? 'measured once: noise taken from the points that were repeated'
        : ''
  return { figure, base, head, test, why }
}

const average = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

function judged({ figure, base, head, test, why }: RawChange, adjustedP: number | null): FigureChange {
  const means = { figure, base: average(base), head: average(head), adjustedP, why }
  if (test === null) {
    const comparable = base.length > 0 && head.length > 0 && why.startsWith('measured once')
    const relative = comparable && means.base && means.head !== null ? means.head / means.base - 1 : null
    return { ...means, relative, ci95: null, verdict: comparable ? 'no difference shown' : 'not comparable' }
  }
  const shown = adjustedP !== null && adjustedP <= falseDiscoveryRate
  const better = figure.better === 'lower' ? test.relative < 0 : test.relative > 0
  return {
    ...means,
    relative: test.relative,
    ci95: test.ci95,
    verdict: !shown ? 'no difference shown' : better ? 'faster' : 'slower',
  }
}

/** A gate needs both: a change that is large enough, and shown. */
function thresholdOutcome(threshold: Threshold, points: readonly ComparedPoint[]): ThresholdOutcome {
  const beyond = points.flatMap(point =>
    point.changes
      .filter(change => change.figure === threshold.figure)
      .filter(change => change.relative !== null && isBeyond(threshold, change.relative))
      .map(change => ({ point, change })),
  )
  const broken = beyond.filter(({ change }) => change.verdict === 'faster' || change.verdict === 'slower')
  return { threshold, broken, beyondButNotShown: beyond.length - broken.length }
}

/** How many changes of each verdict a comparison has. */
export function verdictCounts(comparison: Comparison): { readonly [verdict in Verdict]: number } {
  const counts = { faster: 0, slower: 0, 'no difference shown': 0, 'not comparable': 0 }
  for (const change of comparison.points.flatMap(point => point.changes)) counts[change.verdict]++
  return counts
}
