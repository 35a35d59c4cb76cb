import { z } from 'zod'
import { parsedJson } from '../../model/index.ts'
import { emptySample, type GpuSample, throttleOf } from './sample.ts'

const amount = z.number().nullable()
const line = z.object({
  at: z.number(),
  gpus: z
    .array(
      z.object({
        index: z.number(),
        uuid: z.string().nullable(),
        name: z.string().nullable(),
        mig: z.boolean(),
        energy: amount,
        power: amount,
        limit: amount,
        busy: amount,
        used: amount,
        total: amount,
        clock: amount,
        temperature: amount,
        reasons: amount,
        pcie: amount,
        nvlink: amount,
        strangers: z.array(z.string()).nullable(),
      }),
    )
    .optional(),
  energies: z.array(z.object({ uuid: z.string().nullable(), energy: amount })).optional(),
})

/** One line's samples and their time on the clock of the machine, ms. */
export interface SampleLine {
  readonly sentMs: number
  readonly samples: readonly GpuSample[]
}

const scaled = (value: number | null, factor: number): number | null => (value === null ? null : value * factor)

/**
 * Parses a line of `nvml-program.ts`: mJ, mW, bytes.
 * @returns null for any other line
 */
export function parseNvmlLine(text: string, host: string | null): SampleLine | null {
  const read = line.safeParse(parsedJson(text))
  if (!read.success) return null
  const { at, gpus = [], energies = [] } = read.data
  const whole = gpus.map(gpu => ({
    ...identityOf(gpu.uuid, host),
    index: gpu.index,
    model: gpu.name,
    isMig: gpu.mig,
    energyJ: scaled(gpu.energy, 1e-3),
    powerW: scaled(gpu.power, 1e-3),
    powerLimitW: scaled(gpu.limit, 1e-3),
    utilization: scaled(gpu.busy, 1e-2),
    memoryUsedMib: scaled(gpu.used, 2 ** -20),
    memoryTotalMib: scaled(gpu.total, 2 ** -20),
    smClockMhz: gpu.clock,
    temperatureC: gpu.temperature,
    throttle: gpu.reasons === null ? null : throttleOf(gpu.reasons),
    pcieBytes: gpu.pcie,
    nvlinkBytes: gpu.nvlink,
    pcieBytesPerS: null,
    nvlinkBytesPerS: null,
    strangers: gpu.strangers,
  }))
  const counters = energies.map(({ uuid, energy }) => ({ ...identityOf(uuid, host), energyJ: scaled(energy, 1e-3) }))
  return { sentMs: at * 1000, samples: [...whole, ...counters] }
}

const identityOf = (uuid: string | null, host: string | null): GpuSample =>
  emptySample({
    id: uuid ?? 'unknown',
    ...(uuid === null ? {} : { uuid }),
    host,
    index: null,
    model: null,
    pod: null,
    isMig: false,
  })
