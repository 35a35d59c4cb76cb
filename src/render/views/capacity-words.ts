import type { Evidence } from '../../analysis/capacity/evidence.ts'
import type { Replay } from '../../analysis/capacity/replay.ts'
import type { Slo } from '../../model/index.ts'
import type { CandidateView, CapacityView, RequestsView, SensitivityView } from './capacity.ts'
import { counted, figure, percent, time } from './format.ts'

/** The answer in one line. */
export function headline({ serves, answer, question }: CapacityView): string {
  if (answer === null) return 'No measured deployment serves this traffic under the SLO'
  const what = `${times(answer.replicas, answer.deployment)} on ${counted(answer.nodes, 'node')}`
  return serves ? what : `Not servable on ${counted(question.fleet.nodes ?? 0, 'node')}: needs ${what}`
}

const times = (replicas: number, deployment: string) => (replicas === 1 ? deployment : `${replicas} × ${deployment}`)

/** Traffic and SLO of the question, in one line. */
export function askedFor({ question, answer }: CapacityView): string {
  const { demand, months, growthPerMonth } = question.traffic
  const amount =
    demand.kind === 'users'
      ? `${demand.users.toLocaleString('en-US')} users with ${figure(demand.thinkS)} s of think time`
      : `${figure(demand.requestsPerS)} requests/s ${demand.kind === 'peak' ? 'at the peak' : 'on the average of a day'}`
  const growth =
    growthPerMonth === 0 || months === 0
      ? ''
      : `, ${percent(growthPerMonth)} more per month for ${counted(months, 'month')}`
  const peak = answer === null ? '' : ` (planned peak ${figure(answer.peakRequestsPerS)} requests/s)`
  return `${amount}${growth}${peak}, ${sloText(question.slo)}`
}

/** The limits of an SLO in one line: `TTFT p95 ≤ 500 ms, ITL p95 ≤ 20 ms`. */
export function sloText(slo: Slo): string {
  const said = [
    slo.ttftP95Ms === undefined ? null : `TTFT p95 ≤ ${time(slo.ttftP95Ms)}`,
    slo.itlP95Ms === undefined ? null : `ITL p95 ≤ ${time(slo.itlP95Ms)}`,
    slo.requestLatencyP95Ms === undefined ? null : `latency p95 ≤ ${time(slo.requestLatencyP95Ms)}`,
  ].filter(text => text !== null)
  return said.length === 0 ? 'no SLO' : said.join(', ')
}

/** Limit of a replica. */
export function limitText(limit: RequestsView['limit']): string {
  switch (limit) {
    case 'ttftMs':
      return 'TTFT'
    case 'itlMs':
      return 'ITL'
    case 'requestLatencyMs':
      return 'latency'
    case 'throughput':
      return 'throughput'
    case 'heaviest load measured':
      return 'end of measured loads'
  }
}

/** Role of a measured point in the answer. */
export function evidenceUse(use: Evidence['use']): string {
  switch (use) {
    case 'limit':
      return 'at the limit'
    case 'heaviest':
      return 'heaviest load, limit not reached'
    case 'curve':
      return 'on the curve'
  }
}

/** Sentences about the loss of nodes. */
export function spareText({ spare, peakRequestsPerS }: CandidateView): string {
  if (spare.nodesLost === 0) return 'planned without spare nodes: no node may be lost'
  const over = spare.requestsPerS / peakRequestsPerS - 1
  return `losing ${counted(spare.nodesLost, 'node')} takes ${counted(spare.replicasLost, 'replica')} and leaves ${figure(spare.requestsPerS)} requests/s, ${percent(over)} above the peak`
}

/** The twin's prediction for the plan, in one sentence. */
export function replayText({ traffic, requests, p95, meetsSlo, medianError, extrapolated }: Replay): string {
  const error = (share: number | null) =>
    share === null ? '' : ` (median error of such predictions: ${percent(share)})`
  const what = traffic === 'trace' ? 'the trace' : 'random traffic at the peak, with all kinds of requests,'
  const beyond = extrapolated.length === 0 ? '' : `; EXTRAPOLATED: ${extrapolated.join(', ')}`
  return `The twin replayed ${what.replace(/,$/, '')} in virtual time on one replica (${counted(requests, 'request')}): TTFT p95 ${time(p95.ttftMs)}${error(medianError.ttft)}, ITL p95 ${time(p95.itlMs)}${error(medianError.itl)}: ${meetsSlo ? 'within the SLO' : 'MISSES THE SLO'}${beyond}`
}

/** `3.2 EUR`; `3.2 units` if the currency is unknown, `0.81 GPU-h` without a price. */
export function money(amount: number, { unit, currency }: CandidateView['cost']): string {
  return `${figure(amount)} ${unit === 'price' ? (currency ?? 'units') : 'GPU-h'}`
}

/** Cost of the answer, a sentence each. */
export function costLines({ cost, energy }: CandidateView, { question }: CapacityView): readonly string[] {
  const of = (amount: number) => money(amount, cost)
  return [
    `${of(cost.perHour)} per hour; ${of(cost.perMillionTokens)} per million tokens, input and output counted alike`,
    cost.byRole === null
      ? `charged to one kind only: ${of(cost.perMillionInput)} per million input or ${of(cost.perMillionOutput)} per million output tokens`
      : `${of(cost.byRole.perMillionInput)} per million input tokens (prefill's GPUs), ${of(cost.byRole.perMillionOutput)} per million output tokens (decode's)`,
    monthText(cost, question.traffic),
    ...(energy === null ? [] : [energyText(energy, cost, question.fleet)]),
  ]
}

/** Power of the GPUs of all replicas, and its cost if energy has a separate price. */
function energyText(
  { meanPowerW, kwhPerMonth, lighterHours }: NonNullable<CandidateView['energy']>,
  cost: CandidateView['cost'],
  { pricePerKwh }: CapacityView['question']['fleet'],
): string {
  const priced =
    pricePerKwh === undefined || cost.unit !== 'price'
      ? ''
      : `, ${money(kwhPerMonth * pricePerKwh, cost)} on top of the GPU-hours at ${money(pricePerKwh, cost)} per kWh`
  const lighter =
    lighterHours === 0
      ? ''
      : `; ${counted(lighterHours, 'hour')} of the day are below the lightest load measured and count with its power`
  return `energy of the GPUs, from measured power: ${figure(meanPowerW / 1000)} kW on average, ${figure(kwhPerMonth)} kWh per month${priced} (without hosts, network and cooling${lighter})`
}

/** Cost of the traffic per month, and the definition of a month. */
function monthText(
  cost: CandidateView['cost'],
  { day, busiestHour = 1, growthPerMonth, months }: CapacityView['question']['traffic'],
): string {
  const { hours, requests, inputTokens, outputTokens } = cost.month
  const mean = busiestHour * (day.reduce((sum, factor) => sum + factor, 0) / day.length)
  const shape = mean > 0.995 ? 'at the peak rate all day' : `at ${percent(mean)} of the peak rate on average`
  const when = growthPerMonth === 0 || months === 0 ? '' : ` as of month ${months}`
  return `a month of this traffic${when}: ${money(cost.month.cost, cost)} (${counted(hours, 'hour')}, every day alike, ${shape}: ${many(requests)} requests, ${many(inputTokens)} input and ${many(outputTokens)} output tokens; every node runs all month)`
}

const manyOf = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  compactDisplay: 'long',
  maximumSignificantDigits: 3,
})
/** `52.6 million`. */
const many = (amount: number) => manyOf.format(amount)

/** Replicas needed at the unfavorable ends of all intervals. */
export function cautiousText({ cautious }: CapacityView): string | null {
  if (cautious === 'unknown') return null
  if (cautious === null) return 'at the worse end of the 95% intervals it misses the SLO even at its lightest load'
  return `at the worse end of the 95% intervals, a replica serves ${figure(cautious.requestsPerSPerReplica)} requests/s: ${counted(cautious.replicas, 'replica')} on ${counted(cautious.nodes, 'node')}${cautious.fits ? '' : ', too many'}`
}

/** Traffic that the available nodes can serve, if there are too few. */
export function mostText({ most, question }: CapacityView): string | null {
  if (most === null) return null
  return `${counted(question.fleet.nodes ?? 0, 'node')} serve at most ${figure(most.peakRequestsPerS)} requests/s: ${times(most.replicas, most.deployment)}`
}

/** Effect of a changed assumption on the answer. */
export function effectText({ best }: SensitivityView, answer: CandidateView): string {
  if (best === null) return 'not servable'
  const nodes = best.nodes - answer.nodes
  const other = best.deployment === answer.deployment ? '' : `, ${best.deployment}`
  const over = best.fits ? '' : ', too many'
  const change = nodes === 0 ? 'same nodes' : `${nodes > 0 ? '+' : '−'}${counted(Math.abs(nodes), 'node')}`
  return `${change}${over}${other}`
}

/** A share as a percentage that always has a sign: `+10%`, `−10%`. */
export const signed = (share: number) => `${share < 0 ? '−' : '+'}${Math.round(Math.abs(100 * share))}%`
