import { defined } from '../../model/index.ts'
import type { Exposition, Sample } from '../exposition.ts'
import { emptySample, type GpuIdentity, type GpuSample, throttleOf } from './sample.ts'

/** Samples of the GPUs on an exporter's page, and the GPUs with contradictory values. */
export interface ExporterPage {
  readonly source: 'dcgm' | 'amd'
  readonly samples: readonly GpuSample[]
  /** Names of GPUs for which the page has two different values of one metric. */
  readonly twice: readonly string[]
}

interface Figures {
  /** Value of a metric that a GPU has once. */
  of(metric: string): number | null
  /** Sum of a metric that a GPU has several times, such as once per link. */
  sumOf(metric: string): number | null
}

/**
 * Reads the GPUs from a page of dcgm-exporter (names and labels of its default counters) or of AMD's
 * device-metrics-exporter.
 * @returns null if the page is neither
 */
export function exporterPage(page: Exposition): ExporterPage | null {
  const dcgm = dcgmOfGpus(page)
  if (dcgm.length > 0) return pageOf('dcgm', dcgm, dcgmIdentity, dcgmSample)
  const amd = page.samples.filter(({ name, labels }) => /^(?:amd_)?(?:gpu|pcie)_/.test(name) && 'gpu_id' in labels)
  return amd.length === 0 ? null : pageOf('amd', amd, amdIdentity, amdSample)
}

/** Labels of what else dcgm-exporter lists: NVLinks with the GPU at their end, NVSwitches, and the CPUs of a Grace. */
const otherParts = ['nvlink', 'nvswitch', 'cpu', 'cpucore']

/** The samples of dcgm-exporter about GPUs and MIG devices. */
export function dcgmOfGpus({ samples }: Exposition): readonly Sample[] {
  return samples.filter(({ name, labels }) => name.startsWith('DCGM_FI_') && !otherParts.some(part => part in labels))
}

function pageOf(
  source: ExporterPage['source'],
  samples: readonly Sample[],
  identityOf: (labels: Sample['labels']) => GpuIdentity,
  sampleOf: (identity: GpuIdentity, figures: Figures) => GpuSample,
): ExporterPage {
  const groups = [...Map.groupBy(samples, ({ labels }) => identityOf(labels).id)]
  const read = groups.map(([id, group]) => {
    const values = new Map<string, number>()
    const unclear = new Set<string>()
    for (const { name, value } of group) {
      if (!Number.isFinite(value) || isBlank(value)) continue
      if (values.has(name) && values.get(name) !== value) unclear.add(name)
      values.set(name, value)
    }
    // Other metrics have one value per clock, link or error code, which is not a contradiction.
    let isTwice = false
    const figures: Figures = {
      of: name => {
        isTwice ||= unclear.has(name)
        return values.get(name) ?? null
      },
      sumOf: wanted => {
        const own = group.flatMap(({ name, value }) => (name === wanted && Number.isFinite(value) ? [value] : []))
        return own.length === 0 ? null : own.reduce((total, value) => total + value, 0)
      },
    }
    const identity = identityOf(group.find(({ labels }) => podOf(labels) !== null)?.labels ?? group[0]?.labels ?? {})
    const sample = sampleOf(identity, figures)
    return { id, isTwice, sample }
  })
  return {
    source,
    samples: read.map(({ sample }) => sample),
    twice: read.filter(({ isTwice }) => isTwice).map(({ id }) => id),
  }
}

/** DCGM's values for 'not supported' and 'no permission' (dcgm_structs.h, `DCGM_FP64_BLANK`, `DCGM_INT64_BLANK`). */
const isBlank = (value: number) => value >= 140737488355328 && (value < 140737488355340 || value > 9e18)

/** Prometheus renames labels of a page that it scrapes: `exported_pod`. */
const labelOf = (labels: Sample['labels'], name: string): string | null =>
  labels[`exported_${name}`] || labels[name] || null

const podOf = (labels: Sample['labels']): string | null => {
  const pod = labelOf(labels, 'pod')
  return pod === null ? null : `${labelOf(labels, 'namespace') ?? ''}/${pod}`
}

const indexOf = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null

/** Identity by the labels of dcgm-exporter: `Hostname` up to 4.8.2, `hostname` since; `uuid` in its old namespace. */
export function dcgmIdentity(labels: Sample['labels']): GpuIdentity {
  const instance = labels.GPU_I_ID ?? ''
  const host = labels.Hostname || labels.hostname || null
  const own = labels.UUID || labels.uuid || undefined
  const uuid = own ?? `${host ?? ''} gpu ${labels.gpu ?? '?'}`
  return {
    id: instance === '' ? uuid : `${uuid}/GI${instance}`,
    ...defined({ uuid: own, bus: labels.pci_bus_id || undefined }),
    host,
    index: indexOf(labels.gpu),
    model: labels.modelName ?? null,
    pod: podOf(labels),
    isMig: instance !== '',
  }
}

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)
const scaled = (value: number | null, divisor: number): number | null => (value === null ? null : value / divisor)

/**
 * Units of dcgm-exporter's default-counters.csv and dcp-metrics-included.csv: mJ, W, percent, MiB, MHz, °C. Its
 * PROF_…_BYTES are rates over the last interval in bytes/s, also where an older file calls them counters.
 */
function dcgmSample(identity: GpuIdentity, figures: Figures): GpuSample {
  const of = (name: string) => figures.of(`DCGM_FI_${name}`)
  const [used, free] = [of('DEV_FB_USED'), of('DEV_FB_FREE')]
  const reasons = of('DEV_CLOCKS_EVENT_REASONS') ?? of('DEV_CLOCK_THROTTLE_REASONS')
  const total = of('DEV_FB_TOTAL') ?? sum(sum(used, free), of('DEV_FB_RESERVED') ?? 0)
  return {
    ...emptySample(identity),
    energyJ: scaled(of('DEV_TOTAL_ENERGY_CONSUMPTION'), 1000),
    powerW: of('DEV_POWER_USAGE_INSTANT') ?? of('DEV_POWER_USAGE'),
    powerLimitW: of('DEV_ENFORCED_POWER_LIMIT') ?? of('DEV_POWER_MGMT_LIMIT'),
    utilization: scaled(of('DEV_GPU_UTIL'), 100) ?? of('PROF_GR_ENGINE_ACTIVE'),
    smActive: of('PROF_SM_ACTIVE'),
    memoryUsedMib: used,
    memoryTotalMib: total,
    smClockMhz: of('DEV_SM_CLOCK'),
    temperatureC: of('DEV_GPU_TEMP'),
    throttle: reasons === null ? null : throttleOf(Math.trunc(reasons)),
    pcieBytesPerS: sum(of('PROF_PCIE_TX_BYTES'), of('PROF_PCIE_RX_BYTES')),
    nvlinkBytesPerS: sum(of('PROF_NVLINK_TX_BYTES'), of('PROF_NVLINK_RX_BYTES')),
  }
}

/** A GPU that is split (`dpx`, `cpx`; `spx` is not) is several devices with one serial number. */
function amdIdentity(labels: Sample['labels']): GpuIdentity {
  const host = labels.hostname || null
  const isPart = /^[dtqc]px$/i.test(labels.gpu_compute_partition_type ?? '')
  const gpu = labels.gpu_uuid || labels.serial_number || `${host ?? ''} gpu ${labels.gpu_id ?? '?'}`
  return {
    id: isPart ? `${gpu}/GI${labels.gpu_partition_id ?? '?'}` : gpu,
    ...defined({
      uuid: labels.gpu_uuid || undefined,
      serial: labels.serial_number || undefined,
      bus: labels.pcie_bus_id || undefined,
    }),
    host,
    index: indexOf(labels.gpu_id),
    model: labels.card_model || labels.card_series || null,
    pod: podOf(labels),
    isMig: isPart,
  }
}

/**
 * Units of device-metrics-exporter's list of metrics (ROCm/device-metrics-exporter, docs/configuration/metricslist.md):
 * W, µJ (`GPU_ENERGY_CONSUMED`), percent, MB, °C, Mbit/s in both directions (`PCIE_BANDWIDTH`), KB counted for each
 * link (`GPU_XGMI_LINK_RX`). Residencies of violations are shares of the time, in percent.
 */
function amdSample(identity: GpuIdentity, figures: Figures): GpuSample {
  const of = (name: string) => figures.of(`gpu_${name}`) ?? figures.of(`amd_gpu_${name}`)
  const linkKb = (name: string) => figures.sumOf(`gpu_${name}`) ?? figures.sumOf(`amd_gpu_${name}`)
  const pcieMbits = figures.of('pcie_bandwidth') ?? figures.of('amd_pcie_bandwidth')
  return {
    ...emptySample(identity),
    energyJ: scaled(of('energy_consumed'), 1e6),
    powerW: of('package_power') ?? of('average_package_power') ?? of('power_usage'),
    utilization: scaled(of('gfx_activity'), 100),
    memoryUsedMib: of('used_vram'),
    memoryTotalMib: of('total_vram'),
    temperatureC: of('junction_temperature') ?? of('edge_temperature'),
    throttle: amdThrottle(name => of(`violation_${name}_residency_percentage`)),
    pcieBytesPerS: scaled(pcieMbits, 8e-6),
    nvlinkBytes: scaled(sum(linkKb('xgmi_link_rx'), linkKb('xgmi_link_tx')), 1 / 1024),
  }
}

function amdThrottle(residency: Figures['of']): GpuSample['throttle'] {
  const power = residency('ppt')
  const heat = ['socket_thermal', 'processor_hot', 'hbm_thermal', 'vr_thermal'].flatMap(name => residency(name) ?? [])
  if (power === null && heat.length === 0) return null
  return { power: (power ?? 0) > 0, thermal: heat.some(share => share > 0) }
}
