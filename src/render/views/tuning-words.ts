import { loadLabel } from '../../analysis/load-label.ts'
import type { MixRecommendation } from '../../analysis/tune/mix.ts'
import type { RateMatching, WorkerRate } from '../../analysis/tune/rate-matching.ts'
import type { Tuning } from '../../analysis/tune/tune.ts'
import { topologyLabel } from '../../model/index.ts'
import { change, counted, figure } from './format.ts'

/** The bottleneck in one line. */
export function heldBack({ heldBackBy }: Tuning): string {
  if (heldBackBy === null) return 'Nothing valid to diagnose'
  return heldBackBy === 'nothing shown' ? 'Nothing holds it back yet' : `Limited by: ${heldBackBy}`
}

/** Maximum deployments named in one sentence; the table has all. */
const mostNamed = 12

const firstOf = (names: readonly string[]) =>
  names.length <= mostNamed
    ? names.join(', ')
    : `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`

/** Prefill's rate against decode's demand, in sentences. */
export function ratesLines({ prefill, decode, ratio, best, rows, advice }: RateMatching): readonly string[] {
  const rate = ({ requestsPerS, isLimit, point }: WorkerRate) =>
    `${figure(requestsPerS)}${isLimit ? '' : ' or more'} requests/s (${point.label} at ${loadLabel(point.load.level)})`
  const apart = rows.filter(row => row.parts)
  const told =
    apart.length === 0
      ? `Measured and predicted rates agree within 10% for ${rows.length === 1 ? 'the one topology' : `all ${rows.length} topologies`}.`
      : `Prediction and measurement differ for ${firstOf(apart.map(row => `${row.label} (${change(row.apart)})`))}.`
  return [
    `A prefill worker handles ${rate(prefill)}, a decode worker ${rate(decode)}: ${figure(ratio)} prefill workers for each decode worker.`,
    ...(advice === null
      ? [
          `By these rates, ${topologyLabel(best.topology)} gives the most per GPU of all disaggregated topologies${best.isMeasured ? '' : ', but it was not measured'}.`,
        ]
      : []),
    told,
    ...(advice === null ? [] : [advice]),
  ]
}

/** The mix in one line: `70% 8000/256, 30% 1000/1000`. */
export function mixShares({ mix }: MixRecommendation): string {
  return Object.entries(mix)
    .map(([name, share]) => `${figure(100 * share)}% ${name}`)
    .join(', ')
}

/** Recommended deployment for the mix in one line. */
export function mixHeadline({ best }: MixRecommendation): string {
  return best === null ? 'No deployment meets the SLO for the whole mix' : best.label
}

/** Throughput for the mix and certainty of its lead, in sentences. */
export function mixLines({ best, runnerUp, leftOut }: MixRecommendation): readonly string[] {
  const verdicts = { shown: 'shown by repeats', 'not-shown': 'no difference shown', unknown: 'measured once' }
  return [
    ...(best === null
      ? []
      : [
          `${figure(best.requestsPerS.mean)} requests/s of the mix, ${figure(best.tokensPerSPerGpu.mean)} output tokens/s per GPU, on ${counted(best.gpus, 'GPU')}.`,
          'Each workload was measured alone; capacities are combined by their shares of time.',
        ]),
    ...(runnerUp === null
      ? []
      : [
          `${change(runnerUp.lead.relative)} over the runner-up, ${runnerUp.choice.label}: ${verdicts[runnerUp.lead.verdict]}.`,
        ]),
    ...leftOut.map(({ label, why }) => `Left out: ${label}, ${why}.`),
  ]
}
