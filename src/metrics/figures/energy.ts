import { gpusOf, grouped, type Role, roles, type SitePower } from '../../model/index.ts'
import { ratesOf } from '../definitions.ts'
import type { GpuObserved } from '../gpu.ts'
import type { Measurement } from '../measurement.ts'
import type { Figure } from './figure.ts'
import type { Unit } from './unit.ts'

const joulesOfKwh = 3.6e6

const ratio = (top: number | null | undefined, bottom: number | null | undefined): number | null =>
  top === null || top === undefined || bottom === null || bottom === undefined || bottom <= 0 ? null : top / bottom

/** Mean power of all GPUs of the deployment, W; null if any is unknown. */
const gpuPowerW = ({ gpus, durationS }: Measurement): number | null => ratio(gpus?.energyJ, durationS)

/** Energy of the GPUs of one role, J; null if any is unknown, or if their roles are. */
export function energyOfRole({ gpus }: Measurement, role: Role): number | null {
  if (gpus === undefined || gpus.energyJ === null || gpus.gpus.some(gpu => gpu.role === null)) return null
  const own = gpus.gpus.filter(gpu => gpu.role === role)
  return own.length === 0 ? null : own.reduce((sum, { energyJ }) => sum + (energyJ ?? 0), 0)
}

/** Mean over all GPUs (of a role); null if any is unknown. */
export function meanOfGpus({ gpus }: Measurement, of: (gpu: GpuObserved) => number | null, role?: Role): number | null {
  const own = (gpus?.gpus ?? []).filter(gpu => role === undefined || gpu.role === role)
  const values = own.flatMap(gpu => of(gpu) ?? [])
  return own.length === 0 || values.length < own.length
    ? null
    : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Power of GPUs, hosts and network times PUE, W; null without `power` in the sweep file. */
function allInPowerW(m: Measurement, gpus: number): number | null {
  const power = gpuPowerW(m)
  const site = m.sitePower
  return power === null || site === undefined ? null : (power + gpus * (site.hostW + site.networkW)) * site.pue
}

/**
 * Price of one second of the deployment. If energy has a separate price, uses the power of the site if known, otherwise
 * that of the GPUs.
 */
function costPerS(m: Measurement, gpus: number): number | null {
  if (m.price === undefined) return null
  const { perGpuHour, perKwh } = m.price
  const hours = (gpus * perGpuHour) / 3600
  if (perKwh === null) return hours
  const power = allInPowerW(m, gpus) ?? gpuPowerW(m)
  return power === null ? null : hours + (power / joulesOfKwh) * perKwh
}

/**
 * Currency of the amounts in measurements: an ISO 4217 code, `units` if the price names none, several joined by `and`;
 * null without a price.
 */
export function currencyOf(measurements: readonly Measurement[]): string | null {
  const found = new Set(measurements.flatMap(({ price }) => (price === undefined ? [] : [price.currency ?? 'units'])))
  return found.size === 0 ? null : [...found].sort().join(' and ')
}

/** A figure's unit including its currency: `EUR per 1M tokens`. */
export function unitText({ unit }: { readonly unit: Unit | '' }, measurements: readonly Measurement[]): string {
  const currency = unit === money ? currencyOf(measurements) : null
  return currency === null ? unit : `${currency} ${unit}`
}

/**
 * Price and currency of a cost figure, with the power of the site if the price of energy applies to it. Values with
 * different ones cannot be compared.
 */
export function priceBehind({ unit }: { readonly unit: Unit | '' }, { price, sitePower }: Measurement): string {
  if (unit !== money || price === undefined) return ''
  const site = sitePower === undefined ? '' : ` (${sitePowerText(sitePower)})`
  const energy = price.perKwh === null ? '' : ` and ${price.perKwh} per kWh${site}`
  return `${price.currency ?? 'units'}, ${price.perGpuHour} per GPU-hour${energy}`
}

/** `PUE 1.2, 150 W per GPU for hosts, 20 W for the network`. */
export const sitePowerText = ({ pue, hostW, networkW }: SitePower): string =>
  `PUE ${pue}, ${grouped(String(hostW))} W per GPU for hosts, ${grouped(String(networkW))} W for the network`

const money = 'per 1M tokens' satisfies Unit

const perMillion = (cost: number | null, tokensPerS: number | null) =>
  ratio(cost === null ? null : cost * 1e6, tokensPerS)

const roleTitle = (role: Role) => role[0]?.toUpperCase() + role.slice(1)

/** GPUs, energy and cost of tokens. Null without observations or prices. */
export const energy: readonly Figure[] = [
  { name: 'gpu_energy_j', title: 'GPU energy', unit: 'J', better: 'lower', of: m => m.gpus?.energyJ ?? null },
  { name: 'gpu_power_mean_w', title: 'GPU power, mean', unit: 'W', better: 'lower', of: gpuPowerW },
  {
    name: 'gpu_utilization_mean',
    title: 'GPU utilization, mean',
    unit: '%',
    better: 'higher',
    of: m => meanOfGpus(m, ({ utilization }) => utilization),
  },
  {
    name: 'gpu_memory_max_mib',
    title: 'GPU memory, most of one GPU',
    unit: 'MiB',
    better: 'lower',
    of: ({ gpus }) => {
      const most = (gpus?.gpus ?? []).flatMap(({ memoryMaxMib }) => memoryMaxMib ?? [])
      return most.length === 0 ? null : most.reduce((a, b) => Math.max(a, b))
    },
  },
  {
    name: 'energy_per_output_token_j',
    title: 'Energy per output token',
    unit: 'J',
    better: 'lower',
    of: m => ratio(gpuPowerW(m), ratesOf(m).outputTokensPerS),
    shownIn: ['comparison', 'history', 'axes'],
    ifObserved: true,
  },
  {
    name: 'output_tokens_per_s_per_mw',
    title: 'Output tokens/s per MW of the GPUs',
    unit: 'tokens/s/MW',
    better: 'higher',
    of: m => ratio(ratesOf(m).outputTokensPerS, (gpuPowerW(m) ?? 0) / 1e6),
    shownIn: ['history', 'axes'],
  },
  {
    name: 'cost_per_million_output_tokens',
    title: 'Cost per million output tokens',
    unit: 'per 1M tokens',
    better: 'lower',
    of: (m, deployment) => perMillion(costPerS(m, gpusOf(deployment)), ratesOf(m).outputTokensPerS),
    shownIn: ['history', 'axes'],
  },
  {
    name: 'cost_per_million_input_tokens',
    title: 'Cost per million input tokens',
    unit: 'per 1M tokens',
    better: 'lower',
    of: (m, deployment) => perMillion(costPerS(m, gpusOf(deployment)), ratesOf(m).inputTokensPerS),
  },
  {
    name: 'energy_per_request_j',
    title: 'Energy per request',
    unit: 'J',
    better: 'lower',
    of: m => ratio(gpuPowerW(m), ratesOf(m).requestsPerS),
  },
  {
    name: 'output_tokens_per_s_per_mw_all_in',
    title: 'Output tokens/s per MW of the site',
    unit: 'tokens/s/MW',
    better: 'higher',
    of: (m, deployment) => ratio(ratesOf(m).outputTokensPerS, (allInPowerW(m, gpusOf(deployment)) ?? 0) / 1e6),
  },
  ...roles.flatMap((role): readonly Figure[] => [
    {
      name: `${role}_energy_per_output_token_j`,
      title: `${roleTitle(role)} energy per output token`,
      unit: 'J',
      better: 'lower',
      role,
      of: m => ratio(ratio(energyOfRole(m, role), m.durationS), ratesOf(m).outputTokensPerS),
    },
    {
      name: `${role}_gpu_utilization_mean`,
      title: `${roleTitle(role)} GPU utilization, mean`,
      unit: '%',
      better: 'higher',
      role,
      of: m => meanOfGpus(m, ({ utilization }) => utilization, role),
    },
  ]),
]
