import type { GpuObserved, GpuSeriesName, GpusObserved } from '../../metrics/gpu.ts'
import type { Finding } from '../../metrics/measurement.ts'
import { counted, type Deployment, defined, largest } from '../../model/index.ts'
import { compactSeries, mostSamples } from '../series.ts'
import {
  type At,
  type Energy,
  energyByCounter,
  energyBySamples,
  isExactEnough,
  type Span,
  unitTrouble,
  wasSetBack,
} from './energy.ts'
import { type GpuHolder, type NamedGpus, type PlacedGpu, placeGpus } from './place.ts'
import type { TimedSample } from './sample.ts'

/** Samples of GPUs from all sources during a point. */
export interface Seen {
  /** `nvml`, `nvidia-smi`, `dcgm`, `amd`. */
  readonly source: string
  readonly samples: readonly TimedSample[]
  /** Ids of GPUs that a page lists twice with different values. */
  readonly twice: readonly string[]
  /** The longest time for which a page stayed the same, s; absent for sources without a page. */
  readonly unchangedS?: number
}

/** What is known about the placement of a deployment before its GPUs are identified. */
export interface Placement {
  readonly deployment: Deployment
  readonly holders: readonly GpuHolder[]
  readonly named: NamedGpus | null
  /** Whether the sweep file asks for GPUs, so that missing samples are reported. */
  readonly isAsked: boolean
}

const finding = (severity: Finding['severity'], code: string, message: string): Finding => ({ severity, code, message })

/** Summarizes the GPUs of a deployment over the window, and reports what could not be observed. */
export function observeGpus(
  { source, samples, twice, unchangedS = 0 }: Seen,
  window: Span,
  placement: Placement,
): { readonly gpus: GpusObserved | null; readonly findings: readonly Finding[] } {
  const found = [...Map.groupBy(samples, ({ id }) => id)].map(([id, all]) => {
    const own = all.toSorted((a, b) => a.atMs - b.atMs)
    const identity = own.find(({ index }) => index !== null) ?? own[0]
    const used = valuesOf(own, ({ memoryUsedMib }) => memoryUsedMib)
    return {
      id,
      host: identity?.host ?? null,
      index: identity?.index ?? null,
      model: identity?.model ?? null,
      pod: identity?.pod ?? null,
      isMig: identity?.isMig ?? false,
      memoryMaxMib: used.length === 0 ? null : largest(used.map(({ value }) => value)),
      own,
    }
  })
  if (found.length === 0) return { gpus: null, findings: [] }
  const { placed, trouble, assumed } = placeGpus(found, placement.deployment, placement.holders, placement.named)
  // Without a request, GPUs are not guessed: an endpoint on this machine may be a tunnel to another one.
  if (!placement.isAsked && (assumed !== null || (placed.length === 0 && trouble !== null)))
    return { gpus: null, findings: [] }
  const hosts = new Set(placed.map(({ gpu }) => gpu.host))
  const most = samplesOfEach(placed.length)
  const observed = placed.map(one => {
    const own = { ...one, isTwice: twice.includes(one.gpu.id), unchangedS }
    return observeGpu(own, window, hosts.size > 1, most)
  })
  const gpus = observed.map(({ gpu }) => gpu)
  const isWhole = trouble === null && gpus.every(({ energyJ }) => energyJ !== null)
  const total = (of: (gpu: GpuObserved) => number | null) => gpus.reduce((sum, gpu) => sum + (of(gpu) ?? 0), 0)
  const troubles = observed.flatMap(({ why }) => why ?? [])
  const energyTold = [...(trouble === null ? [] : [{ text: trouble }]), ...troubles]
  return {
    gpus: {
      source,
      gpus,
      energyJ: isWhole ? total(({ energyJ }) => energyJ) : null,
      energyErrorJ: isWhole ? total(({ energyErrorJ }) => energyErrorJ) : null,
    },
    findings: [
      ...(energyTold.length === 0 ? [] : [energyUnknown(energyTold)]),
      // If the named source has exactly the right number of GPUs, they are the deployment's.
      ...(assumed === 'those in use' ? [gpusAssumed(placed.length, found.length)] : []),
    ],
  }
}

/**
 * Maximum number of samples over all series of a point. It keeps a journal line below half a megabyte, whatever the
 * number of GPUs.
 */
const mostOfAPoint = 24_000
const fewestOfASeries = 8

/** Maximum number of samples of each of the seven series of a GPU. */
const samplesOfEach = (gpus: number): number =>
  Math.max(fewestOfASeries, Math.min(mostSamples, Math.floor(mostOfAPoint / (7 * Math.max(1, gpus)))))

function gpusAssumed(taken: number, found: number): Finding {
  const message = `The GPUs of the workers are unknown. Of ${counted(found, 'GPU')}, Fulcrum assumes the ${taken} with memory in use. Name them in telemetry.gpus.devices`
  return finding('warning', 'gpus-assumed', message)
}

/** Why the energy of a GPU is unknown, and what to do if it is not the usual. */
interface Trouble {
  readonly text: string
  readonly remedy?: string
}

const usualRemedy = 'Name the GPUs in telemetry.gpus, or use a source with an energy counter'

function energyUnknown(troubles: readonly Trouble[]): Finding {
  const [first, ...more] = troubles
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  const message = `The energy of this point is unknown: ${first?.text ?? ''}${others}. ${first?.remedy ?? usualRemedy}`
  return finding('warning', 'gpu-energy-unknown', message)
}

type SampledGpu = Parameters<typeof placeGpus>[0][number] & { readonly own: readonly TimedSample[] }

/** What speaks against the samples of a GPU. */
interface Doubts {
  readonly isTwice: boolean
  /** See {@link Seen.unchangedS}. */
  readonly unchangedS: number
}

function observeGpu(
  { gpu, worker, role, ...doubts }: PlacedGpu<SampledGpu> & Doubts,
  window: Span,
  namesHost: boolean,
  mostOfASeries: number,
): { readonly gpu: GpuObserved; readonly why: Trouble | null } {
  const within = gpu.own.filter(({ atMs }) => atMs >= window.startMs && atMs <= window.endMs)
  const mean = (of: (sample: TimedSample) => number | null) => meanOf(valuesOf(within, of))
  const most = (of: (sample: TimedSample) => number | null) => {
    const values = valuesOf(within, of).map(({ value }) => value)
    return values.length === 0 ? null : largest(values)
  }
  const latest = (of: (sample: TimedSample) => number | null) => valuesOf(gpu.own, of).at(-1)?.value ?? null
  const name = `${namesHost && gpu.host !== null ? `${gpu.host} ` : ''}gpu ${gpu.index ?? gpu.id}`
  const { energy, why, remedy, isOdd } = energyOf(gpu, window, doubts)
  const seconds = (window.endMs - window.startMs) / 1000
  const throttles = within.flatMap(({ throttle }) => (throttle === null ? [] : [throttle]))
  const share = (of: 'power' | 'thermal') => throttles.filter(one => one[of]).length / throttles.length
  const series = (of: GpuSeriesName, value: (sample: TimedSample) => number | null) =>
    seriesOf(of, within, window, value, mostOfASeries)
  type Value = (sample: TimedSample) => number | null
  const linkSeries = (of: GpuSeriesName, counter: Value, rate: Value) => {
    const rates = ratesBetween(valuesOf(within, counter))
    const values = rates.length > 0 ? rates : valuesOf(within, sample => plausibleRate(rate(sample)))
    return seriesOfValues(of, values, window, mostOfASeries)
  }
  const strangers = within.flatMap(sample => (sample.strangers === null ? [] : [sample.strangers]))
  return {
    gpu: {
      id: gpu.id,
      name,
      model: gpu.model,
      worker,
      role,
      energyJ: energy === null ? null : sixDigits(energy.joules),
      energyErrorJ: energy === null ? null : sixDigits(energy.errorJ),
      energyFrom: energy?.from ?? null,
      powerMeanW: energy === null ? (isOdd ? null : mean(({ powerW }) => powerW)) : sixDigits(energy.joules / seconds),
      powerLimitW: latest(({ powerLimitW }) => powerLimitW),
      utilization: mean(({ utilization }) => utilization),
      smActive: mean(({ smActive }) => smActive),
      memoryMaxMib: most(({ memoryUsedMib }) => memoryUsedMib),
      memoryTotalMib: latest(({ memoryTotalMib }) => memoryTotalMib),
      smClockMhz: mean(({ smClockMhz }) => smClockMhz),
      temperatureMaxC: most(({ temperatureC }) => temperatureC),
      throttled: throttles.length === 0 ? null : { power: share('power'), thermal: share('thermal') },
      pcieBytesPerS:
        rateOf(valuesOf(within, ({ pcieBytes }) => pcieBytes)) ?? mean(sample => plausibleRate(sample.pcieBytesPerS)),
      nvlinkBytesPerS:
        rateOf(valuesOf(within, ({ nvlinkBytes }) => nvlinkBytes)) ??
        mean(sample => plausibleRate(sample.nvlinkBytesPerS)),
      strangers: strangers.length === 0 ? null : [...new Set(strangers.flat())],
      series: {
        // Power in an unknown unit is not used.
        ...(isOdd ? {} : series('power', ({ powerW }) => powerW)),
        ...series('utilization', ({ utilization }) => (utilization === null ? null : utilization * 100)),
        ...series('memory', ({ memoryUsedMib }) => memoryUsedMib),
        ...series('clock', ({ smClockMhz }) => smClockMhz),
        ...series('temperature', ({ temperatureC }) => temperatureC),
        ...linkSeries(
          'pcie',
          ({ pcieBytes }) => pcieBytes,
          ({ pcieBytesPerS }) => pcieBytesPerS,
        ),
        ...linkSeries(
          'nvlink',
          ({ nvlinkBytes }) => nvlinkBytes,
          ({ nvlinkBytesPerS }) => nvlinkBytesPerS,
        ),
      },
    },
    why: why === null ? null : { text: `${name}: ${why}`, ...defined({ remedy }) },
  }
}

/** Share of a window without samples at its end above which the finding names the gap. */
const longSilence = 0.1

/** A page that stays the same for longer is refreshed too rarely for a short window. */
const longUnchangedS = 2

interface EnergyFound {
  readonly energy: Energy | null
  /** Whether its values cannot be used, such as those of mixed units. */
  readonly isOdd: boolean
  /** Null if the energy is known. */
  readonly why: string | null
  readonly remedy?: string
}

/**
 * Energy from the counter if it spans the window, else from power samples; null with the reason if neither is precise
 * enough.
 */
function energyOf({ own, isMig }: SampledGpu, window: Span, { isTwice, unchangedS }: Doubts): EnergyFound {
  const odd = (why: string) => ({ energy: null, isOdd: true, why })
  const unknown = (why: string) => ({ energy: null, isOdd: false, why })
  if (isMig)
    return odd('it is a part of a GPU (MIG or an AMD partition), and no counter reports its share of the energy')
  if (isTwice) return odd('its exporter names it twice, with different values')
  const counter = valuesOf(own, ({ energyJ }) => energyJ)
  const power = valuesOf(own, ({ powerW }) => powerW)
  const trouble = unitTrouble(counter, power)
  if (trouble !== null) return odd(`${trouble}; its units are probably confused (W and mW, J and mJ)`)
  const known = [energyByCounter(counter, window), energyBySamples(power, window)].flatMap(one => one ?? [])
  const energy = known.find(isExactEnough) ?? null
  if (energy !== null) return { energy, isOdd: false, why: null }
  if (counter.length + power.length === 0) return unknown('its source reports neither its energy nor its power')
  if (unchangedS > longUnchangedS)
    return {
      ...unknown(`the page of its exporter stayed the same for ${unchangedS.toFixed(1)} s, too long for this window`),
      remedy: 'Start dcgm-exporter with --collect-interval 1000, because it collects every 30 s by default',
    }
  if (wasSetBack(counter)) return unknown('its energy counter was set back, and its power samples are not enough')
  const best = known[0]
  if (best === undefined) return unknown('there are no power samples around the window')
  // A source that was lost had dense samples before, so the gap is the reason.
  const lastMs = power.at(-1)?.atMs ?? counter.at(-1)?.atMs ?? window.endMs
  const silentS = (window.endMs - lastMs) / 1000
  if (silentS > longSilence * ((window.endMs - window.startMs) / 1000))
    return unknown(`there are no samples of the last ${silentS.toFixed(1)} s of the window`)
  const off = best.joules > 0 ? ` (${Math.round((100 * best.errorJ) / best.joules)}%)` : ''
  return unknown(`its power samples are too far apart for this window${off}`)
}

function valuesOf(samples: readonly TimedSample[], of: (sample: TimedSample) => number | null): readonly At[] {
  return samples.flatMap(sample => {
    const value = of(sample)
    const { atMs, sinceMs } = sample
    return value === null || !Number.isFinite(value) ? [] : [{ atMs, value, ...defined({ sinceMs }) }]
  })
}

const sixDigits = (value: number): number => Number(value.toPrecision(6))

const meanOf = (values: readonly At[]): number | null =>
  values.length === 0 ? null : sixDigits(values.reduce((sum, { value }) => sum + value, 0) / values.length)

/** Upper bound of the rate of a GPU's link, bytes/s, with a margin: NVLink 5 has 1.8 TB/s. */
const mostBytesPerS = 1e13

/** A rate that is possible for a link; null for a counter, or for a rate in another unit. */
const plausibleRate = (bytesPerS: number | null): number | null =>
  bytesPerS !== null && bytesPerS >= 0 && bytesPerS <= mostBytesPerS ? bytesPerS : null

/** Increase of a counter per second; null after a reset. */
function rateOf(counter: readonly At[]): number | null {
  const [first, last] = [counter[0], counter.at(-1)]
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return null
  if (wasSetBack(counter)) return null
  const rate = plausibleRate((last.value - first.value) / ((last.atMs - first.atMs) / 1000))
  return rate === null ? null : sixDigits(rate)
}

/** Increase of a counter per second between consecutive values, at the time of the later one; none across a reset. */
function ratesBetween(counter: readonly At[]): readonly At[] {
  return counter.slice(1).flatMap(({ atMs, value }, i) => {
    const before = counter[i]
    if (before === undefined || atMs <= before.atMs || value < before.value) return []
    const rate = plausibleRate((1000 * (value - before.value)) / (atMs - before.atMs))
    return rate === null ? [] : [{ atMs, value: rate }]
  })
}

function seriesOf(
  name: string,
  samples: readonly TimedSample[],
  window: Span,
  of: (sample: TimedSample) => number | null,
  most: number,
) {
  return seriesOfValues(name, valuesOf(samples, of), window, most)
}

function seriesOfValues(name: string, values: readonly At[], { startMs }: Span, most: number) {
  const timed = values.map(({ atMs, value }) => [Math.round(atMs - startMs), sixDigits(value)] as const)
  return timed.length === 0 ? {} : { [name]: compactSeries(timed, most) }
}
