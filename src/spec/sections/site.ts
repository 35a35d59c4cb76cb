import type { Price, SitePower } from '../../model/index.ts'
import type { RawPower, RawPrice } from '../schema/site.ts'

const hoursOfYear = 365 * 24

/**
 * Reads the price of a GPU-hour, as written or computed from a server's price and upkeep and the hours in which it is
 * used.
 */
export function readPrice(raw: RawPrice): Price {
  if (typeof raw === 'number') return { perGpuHour: raw, perKwh: null, currency: null }
  const currency = raw.currency?.toUpperCase() ?? null
  const perKwh = raw.kwh ?? null
  if ('gpu_hour' in raw) return { perGpuHour: raw.gpu_hour, perKwh, currency }
  const perYear = raw.server / raw.years + raw.server * raw.upkeep
  return { perGpuHour: perYear / (hoursOfYear * raw.use * raw.gpus), perKwh, currency }
}

/** Reads the power of a site in addition to its GPUs, in W per GPU, and its PUE. */
export const readPower = (raw: RawPower): SitePower => ({ pue: raw.pue, hostW: raw.host_w, networkW: raw.network_w })
