import type { SampleLine } from './nvml.ts'
import { emptySample, type GpuSample, throttleOf } from './sample.ts'

/** Names of `nvidia-smi --help-query-gpu` of today's drivers, and of those before 530. */
const fields = {
  now: ['power.draw.instant', 'clocks_event_reasons.active'],
  before: ['power.draw', 'clocks_throttle_reasons.active'],
} as const

const rest = [
  'timestamp',
  'index',
  'uuid',
  'name',
  'power.limit',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'clocks.sm',
  'temperature.gpu',
  'mig.mode.current',
] as const

const queryOf = (names: readonly string[]) => [...rest, ...names].join(',')

/** What to ask of nvidia-smi; the second where it does not know the first. */
export const queries: readonly [now: string, before: string] = [queryOf(fields.now), queryOf(fields.before)]

const units = /^(.*?)\s*(mW|W|MiB|GiB|MHz|%)?$/
const factors: { readonly [unit: string]: number } = { mW: 1e-3, GiB: 1024 }

/** A number in W, MiB, MHz or percent; null for `[N/A]` and whatever else is none. */
function figure(text: string | undefined): number | null {
  const [, amount = '', unit = ''] = units.exec(text ?? '') ?? []
  const value = amount === '' ? Number.NaN : Number(amount)
  return Number.isFinite(value) ? value * (factors[unit] ?? 1) : null
}

/**
 * Reads a line of `nvidia-smi --query-gpu` by {@link queries}, with or without units. nvidia-smi has no energy counter:
 * there is power alone.
 * @returns null for a line that is none
 */
export function parseSmiLine(text: string, host: string | null): SampleLine | null {
  const values = text.split(',').map(value => value.trim())
  const [timestamp = '', index = '', uuid = '', name = '', limit, busy, used, total, clock, heat, mig, power, reasons] =
    values
  const [, year, month, day, time] = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$/.exec(timestamp) ?? []
  if (values.length !== rest.length + 2 || time === undefined || !/^\d+$/.test(index)) return null
  const busyPercent = figure(busy)
  const sample: GpuSample = {
    ...emptySample({ id: uuid, host, index: Number(index), model: name, pod: null, isMig: mig === 'Enabled' }),
    powerW: figure(power),
    powerLimitW: figure(limit),
    utilization: busyPercent === null ? null : busyPercent / 100,
    memoryUsedMib: figure(used),
    memoryTotalMib: figure(total),
    smClockMhz: figure(clock),
    temperatureC: figure(heat),
    throttle: reasons !== undefined && /^0x[0-9a-f]+$/i.test(reasons) ? throttleOf(BigInt(reasons)) : null,
  }
  // The zone of its clock doesn't matter: only differences of its times count.
  return { sentMs: Date.parse(`${year}-${month}-${day}T${time}Z`), samples: [sample] }
}
