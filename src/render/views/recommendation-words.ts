import { bestEmbedding, noFrontier } from '../../analysis/embeddings.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { Recommendation } from '../../analysis/recommend.ts'
import type { ServingModes } from '../../analysis/serving-modes.ts'
import type { VariantGain } from '../../analysis/variants.ts'
import { change, counted, figure, percent } from './format.ts'

/** Confidence in the recommendation in a few words; null if nothing is recommended. */
export function confidenceOf({
  basis,
  best,
  runnerUp,
}: Recommendation): { readonly kind: 'good' | 'open' | 'bad'; readonly text: string } | null {
  if (best === null) return null
  if (basis === 'missed') return { kind: 'bad', text: 'misses the SLO' }
  if (runnerUp === null) return { kind: 'open', text: 'no other deployment to compare with' }
  switch (runnerUp.lead.verdict) {
    case 'shown':
      return { kind: 'good', text: 'lead shown by repeats' }
    case 'not-shown':
      return { kind: 'open', text: 'lead within noise' }
    case 'unknown':
      return { kind: 'open', text: 'measured once: certainty unknown' }
  }
}

/** The recommendation in one line. */
export function headline({ basis, best }: Recommendation, points: readonly MeasuredPoint[] = []): string {
  if (best === null) return bestEmbedding(points) === null ? 'No valid measurement' : 'Embeddings'
  const at = `${best.label} at ${loadLabel(best.load.level)}`
  return basis === 'missed' ? `Nothing meets the SLO; nearest is ${at}` : at
}

/**
 * Recommended deployment of a workload in one sentence; null if no point is valid. The recommendation may be off the
 * frontier: among tied points, it is the one with the fewest GPUs.
 */
export function deploySentence(
  workload: string,
  { basis, best }: Recommendation,
  frontier: readonly unknown[],
): string | null {
  if (best === null) return null
  const rate = best.y === null ? '' : `: ${figure(best.y.mean)} output tokens/s per GPU on ${counted(best.gpus, 'GPU')}`
  const at = `${best.label} at ${loadLabel(best.load.level)}`
  if (basis === 'missed') return `Deploy nothing for ${workload} yet: no point meets the SLO, and ${at} comes nearest.`
  const slo = basis === 'slo' ? ', within the SLO' : ''
  const beside = frontier.includes(best) ? '' : '; it is off the frontier, because a tie goes to fewer GPUs'
  return `Deploy ${at} for ${workload}${rate}${slo}${beside}.`
}

/** Why this point is recommended. */
export function because({ basis, best }: Recommendation, points: readonly MeasuredPoint[] = []): string {
  const vectors = best === null ? bestEmbedding(points) : null
  if (vectors !== null) return `${vectors} ${noFrontier}`
  if (best === null) return 'Every point of this workload failed or is invalid. Validity gives the reasons.'
  switch (basis) {
    case 'slo':
      return `The most output tokens/s per GPU among the points that meet the SLO, on ${counted(best.gpus, 'GPU')}.`
    case 'no-slo':
      return `The most output tokens/s per GPU, on ${counted(best.gpus, 'GPU')}. The sweep has no SLO, so latency does not count.`
    default:
      return 'Of all points, its worst objective exceeds the limit by the least.'
  }
}

/** Certainty of the lead over the runner-up. */
export function certainty({ best, runnerUp }: Recommendation): string[] {
  if (best === null || runnerUp === null) return []
  const lead = `${change(runnerUp.lead.relative)} tokens/s per GPU over the runner-up, ${runnerUp.point.label} at ${loadLabel(runnerUp.point.load.level)}`
  switch (runnerUp.lead.verdict) {
    case 'shown':
      return [`${lead}: shown at 95% confidence by ${counted(best.valid.length, 'repeat')}.`]
    case 'not-shown':
      return [`${lead}: no difference shown by ${counted(best.valid.length, 'repeat')}.`]
    case 'unknown':
      return [`${lead}, one measurement each.`]
  }
}

/** Compares disaggregated with aggregated serving, always on equal numbers of GPUs. */
export function modes(rows: readonly ServingModes[]): string[] {
  return rows.map(row => {
    const verdict = { shown: '', 'not-shown': ' (no difference shown)', unknown: ' (one measurement each)' }[
      row.gain.verdict
    ]
    const slo =
      row.aggregatedMeetsSlo === row.disaggregatedMeetsSlo
        ? ''
        : row.disaggregatedMeetsSlo
          ? '; only disaggregated meets the SLO'
          : '; only aggregated meets the SLO'
    return `On ${counted(row.gpus, 'GPU')}, ${row.disaggregated.label} gives ${change(row.gain.relative)} tokens/s per GPU compared with ${row.aggregated.label}${verdict}${slo}.`
  })
}

/** Compares each variant with the first, one sentence each: throughput with its interval, effect on TTFT, and SLO. */
export function variantWords(rows: readonly VariantGain[]): string[] {
  return rows.map(row => {
    const { variant, base, best, baseBest, gain, gainCi95, ttft } = row
    const interval = gainCi95 === null ? '' : ` [${change(gainCi95[0])}, ${change(gainCi95[1])}]`
    const said = {
      shown: `${variant} gives ${change(gain.relative)}${interval} tokens/s per GPU compared with ${base}`,
      'not-shown': `${variant} against ${base}: no difference in tokens/s per GPU shown (${change(gain.relative)}${interval}); more repeats may decide`,
      unknown: `${variant} gives ${change(gain.relative)} tokens/s per GPU compared with ${base}, measured once each: undecided without repeats`,
    }[gain.verdict]
    const where =
      best.label === baseBest.label
        ? ''
        : ` (${best.label} at ${loadLabel(best.load.level)}, ${baseBest.label} at ${loadLabel(baseBest.load.level)})`
    const latency =
      ttft === null
        ? ''
        : `; TTFT p50 ${change(ttft.relative)}${ttft.verdict === 'shown' ? '' : ttft.verdict === 'unknown' ? ' (measured once)' : ' (within noise)'} at the load where ${base} is best`
    const slo = row.meetsSlo === row.baseMeetsSlo ? '' : `; only ${row.meetsSlo ? variant : base} meets the SLO`
    return `${said}${where}${latency}${cacheWords(row)}${speculationWords(row)}${slo}.`
  })
}

/** Gain of a variant under one workload, in short form. */
export interface ShortGain {
  readonly variant: string
  readonly base: string
  /** Relative gain. */
  readonly gain: number
  readonly verdict: VariantGain['gain']['verdict']
}

/** Gains of each variant over all workloads, one line each, largest shown gain first; empty with one workload. */
export function variantsOverWorkloads(
  workloads: readonly { readonly name: string; readonly variants: readonly ShortGain[] }[],
): string[] {
  const all = workloads.flatMap(({ name, variants }) => variants.map(row => ({ ...row, name })))
  if (new Set(all.map(({ name }) => name)).size < 2) return []
  const place = ({ verdict, gain }: ShortGain) => (verdict === 'shown' ? -gain : Number.POSITIVE_INFINITY)
  return [...Map.groupBy(all, ({ variant, base }) => `${variant} against ${base}`)].map(([pair, rows]) => {
    const told = rows
      .toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
      .map(({ name, gain, verdict }) =>
        verdict === 'not-shown'
          ? `no difference shown at ${name}`
          : `${change(gain)} at ${name}${verdict === 'unknown' ? ' (measured once)' : ''}`,
      )
    return `${pair}, tokens/s per GPU: ${told.join(', ')}`
  })
}

/** Reused share of prompt tokens of each variant, and the possible share; empty if they hardly differ. */
function cacheWords({ variant, base, best, baseBest }: VariantGain): string {
  const own = best.figures.cached_prompt_tokens_share?.mean
  const other = baseBest.figures.cached_prompt_tokens_share?.mean
  if (own === undefined || (other !== undefined && Math.abs(own - other) < leastCacheDifference)) return ''
  const possible = best.figures.possible_cached_share?.mean
  if (possible === 0) return ''
  const of = possible === undefined ? 'of the prompt tokens' : `of the ${percent(possible)} possible`
  const against = other === undefined ? `how much ${base} reuses is unknown` : `${base} ${percent(other)}`
  return `; ${variant} reuses ${percent(own)} ${of} from the prefix cache, ${against}`
}

/** Acceptance of each variant's draft tokens; empty if neither uses speculative decoding. */
function speculationWords({ variant, base, best, baseBest }: VariantGain): string {
  const said = [[variant, best.figures] as const, [base, baseBest.figures] as const].flatMap(
    ([name, { spec_acceptance_rate: rate, spec_accepted_length: length }]) => {
      if (!rate || !length) return []
      return [`${name} accepts ${percent(rate.mean)} of its drafts, ${length.mean.toFixed(2)} tokens a step`]
    },
  )
  return said.length === 0 ? '' : `; ${said.join(', ')}`
}

/** Smaller differences between shares of reused prompt tokens are not worth mentioning. */
const leastCacheDifference = 0.02
