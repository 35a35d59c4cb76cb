import type { SampleLine } from './nvml.ts'
import { emptySample, type GpuSample, throttleOf } from './sample.ts'

/** Field names of `nvidia-smi --help-query-gpu`: of current drivers, and of drivers before 530. */
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

/** Queries for nvidia-smi. The second is for drivers that do not know the first. */
export const queries: readonly [now: string, before: string] = [queryOf(fields.now), queryOf(fields.before)]

const units = /^(.*?)\s*(mW|W|MiB|GiB|MHz|%)?$/
const factors: { readonly [unit: string]: number } = { mW: 1e-3, GiB: 1024 }

/** A number in W, MiB, MHz or percent; null for `[N/A]` and other text. */
function figure(text: string | undefined): number | null {
  const [, amount = '', unit = ''] = units.exec(text ?? '') ?? []
  const value = amount === '' ? Number.NaN : Number(amount)
  return Number.isFinite(value) ? value * (factors[unit] ?? 1) : null
}

/** Prefix of each line of `nvidia-smi dmon`, which shares its output with the query. */
export const dmonPrefix = 'dmon'

/**
 * Reads lines of `nvidia-smi --query-gpu` and, between them, of `nvidia-smi dmon -s t` (MB/s over PCIe to and from a
 * GPU, by index). The latter have neither a time nor a UUID, so they get those of the latest query before them.
 */
export function smiReader(): (line: string, host: string | null) => SampleLine | null {
  const known = new Map<number, GpuSample>()
  let latestMs = Number.NaN
  let header: readonly string[] = []
  return (line, host) => {
    if (!line.startsWith(`${dmonPrefix} `)) {
      const read = parseSmiLine(line, host)
      for (const sample of read?.samples ?? []) if (sample.index !== null) known.set(sample.index, emptySample(sample))
      latestMs = read?.sentMs ?? latestMs
      return read
    }
    const words = line.slice(dmonPrefix.length).trim().split(/\s+/)
    const isHeader = words[0] === '#'
    // Its second line names the units.
    if (isHeader && words.includes('gpu')) header = words.slice(1)
    const [index, received, sent] = ['gpu', 'rxpci', 'txpci'].map(name => figure(words[header.indexOf(name)]))
    const gpu = isHeader || typeof index !== 'number' ? undefined : known.get(index)
    if (gpu === undefined || typeof received !== 'number' || typeof sent !== 'number') return null
    return { sentMs: latestMs, samples: [{ ...gpu, pcieBytesPerS: (received + sent) * 1e6 }] }
  }
}

/**
 * Parses a line of `nvidia-smi --query-gpu` with {@link queries}, with or without units. nvidia-smi reports power but
 * has no energy counter.
 * @returns null for any other line
 */
export function parseSmiLine(text: string, host: string | null): SampleLine | null {
  const values = text.split(',').map(value => value.trim())
  const [timestamp = '', index = '', uuid = '', name = '', limit, busy, used, total, clock, heat, mig, power, reasons] =
    values
  const [, year, month, day, time] = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$/.exec(timestamp) ?? []
  if (values.length !== rest.length + 2 || time === undefined || !/^\d+$/.test(index)) return null
  const busyPercent = figure(busy)
  const sample: GpuSample = {
    ...emptySample({ id: uuid, uuid, host, index: Number(index), model: name, pod: null, isMig: mig === 'Enabled' }),
    powerW: figure(power),
    powerLimitW: figure(limit),
    utilization: busyPercent === null ? null : busyPercent / 100,
    memoryUsedMib: figure(used),
    memoryTotalMib: figure(total),
    smClockMhz: figure(clock),
    temperatureC: figure(heat),
    throttle: reasons !== undefined && /^0x[0-9a-f]+$/i.test(reasons) ? throttleOf(BigInt(reasons)) : null,
  }
  // The time zone doesn't matter, because only differences are used.
  return { sentMs: Date.parse(`${year}-${month}-${day}T${time}Z`), samples: [sample] }
}
