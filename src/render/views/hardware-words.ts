import { loadLabel } from '../../analysis/load-label.ts'
import type { Recommendation } from '../../analysis/recommend.ts'
import type { Hardware, Least, PointEnergy } from '../../analysis/tune/hardware.ts'
import { change, counted, figure } from './format.ts'

/** GPUs, energy and cost of an answer, a sentence each; empty without observations and prices. */
export function hardwareLines({ evidence, energy, leasts }: Hardware, basis: Recommendation['basis']): string[] {
  return [...(energy === null ? [] : energyLines(energy)), ...leasts.map(least => leastLine(least, basis)), ...evidence]
}

function energyLines(energy: PointEnergy): string[] {
  const { perOutputToken, perRequest, powerW, tokensPerSPerMw, tokensPerSPerMwAllIn, roles } = energy
  const parts = [
    `${joules(perOutputToken.mean)} per output token`,
    ...(perRequest === null ? [] : [`${joules(perRequest.mean)} per request`]),
    ...(powerW === null ? [] : [`${figure(powerW.mean)} W on average`]),
    ...(tokensPerSPerMw === null ? [] : [`${figure(tokensPerSPerMw.mean)} output tokens/s per MW of its GPUs`]),
    ...(tokensPerSPerMwAllIn === null ? [] : [`${figure(tokensPerSPerMwAllIn.mean)} per MW of the site`]),
  ]
  const split = roles.map(({ role, share, perOutputToken: own, utilization }) => {
    const busy = utilization === null ? '' : `, busy ${percent(utilization)} of the time`
    return `${role} ${percent(share)} (${joules(own)} per output token${busy})`
  })
  return [
    `Energy of the recommended point: ${parts.join(', ')}.`,
    ...(split.length === 0 ? [] : [`Of this energy, by role: ${split.join('; ')}.`]),
  ]
}

function leastLine(least: Least, basis: Recommendation['basis']): string {
  const { of, point, value, currency, against, isBest, unknown, candidates, doubt } = least
  const under = basis === 'slo' ? ' within the SLO' : ''
  const title = of === 'cost' ? `Cheapest${under}` : `Most tokens per joule${under}`
  const amount = (of: number) =>
    currency === null ? `${joules(of)} per output token` : `${figure(of)} ${currency} per million output tokens`
  const what = isBest ? 'the recommended point' : `${point.label} at ${loadLabel(point.load.level)}`
  const verdicts = { shown: 'shown by repeats', 'not-shown': 'within noise', unknown: 'measured once: noise unknown' }
  const apart =
    against === null
      ? ''
      : ` (${change(against.difference.relative)} against the recommended point’s ${figure(against.value.mean)}, ${verdicts[against.difference.verdict]})`
  const gaps =
    unknown === 0 ? '' : ` The figure is unknown for ${unknown} of the ${counted(candidates, 'point')}${under}.`
  return `${title}: ${what}, ${amount(value.mean)}${apart}.${gaps}${doubt === '' ? '' : ` Don’t rely on this: ${doubt}.`}`
}

const joules = (value: number) => `${figure(value)} J`
const percent = (share: number) => `${Math.round(100 * share)}%`
