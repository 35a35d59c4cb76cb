import { mean } from 'simple-statistics'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { energyOfRole, meanOfGpus } from '../../metrics/figures/energy.ts'
import type { GpuObserved } from '../../metrics/gpu.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { type Role, roles, rolesOf } from '../../model/index.ts'
import { counted, figure, percent } from './format.ts'

/** The GPUs of one role, and their figures. */
export type GpuRoleLine = readonly [who: string, what: string]

const bytesOfGb = 1e9

/**
 * GPUs by role, as means over the valid repeats: use, power and link traffic of one GPU, and the energy of all of them
 * with its share. Empty without GPUs.
 */
export function gpuRoleLines({
  valid,
  deployment,
}: Pick<MeasuredPoint, 'valid' | 'deployment'>): readonly GpuRoleLine[] {
  const seen = valid.filter(({ gpus }) => (gpus?.gpus.length ?? 0) > 0)
  if (seen.length === 0) return []
  const areKnown = seen.every(({ gpus }) => gpus?.gpus.every(({ role }) => role !== null))
  const own: readonly (Role | undefined)[] = areKnown
    ? roles.filter(role => rolesOf(deployment.topology).includes(role))
    : [undefined]
  return own.flatMap(role => {
    const count = largestCount(seen, role)
    return count === 0
      ? []
      : [[`${role === undefined ? '' : `${role}, `}${counted(count, 'GPU')}`, whatOf(seen, role)] as const]
  })
}

const largestCount = (seen: readonly Measurement[], role: Role | undefined): number =>
  seen.reduce((most, { gpus }) => {
    const own = gpus?.gpus.filter(gpu => role === undefined || gpu.role === role) ?? []
    return Math.max(most, own.length)
  }, 0)

/** `93% busy, 610 W, 24,400 J (41%), PCIe 3.1 GB/s, NVLink 120 GB/s`. */
function whatOf(seen: readonly Measurement[], role: Role | undefined): string {
  const ofGpu = (of: (gpu: GpuObserved) => number | null) => known(seen.map(m => meanOfGpus(m, of, role)))
  const energy = known(seen.map(m => (role === undefined ? (m.gpus?.energyJ ?? null) : energyOfRole(m, role))))
  const all = known(seen.map(({ gpus }) => gpus?.energyJ ?? null))
  const share = role === undefined || energy === null || !all ? '' : ` (${percent(energy / all)})`
  const said = [
    text(
      ofGpu(({ utilization }) => utilization),
      value => `${percent(value)} busy`,
    ),
    text(
      ofGpu(({ powerMeanW }) => powerMeanW),
      value => `${figure(value)} W`,
    ),
    text(energy, value => `${figure(value)} J${share}`),
    text(
      ofGpu(({ pcieBytesPerS }) => pcieBytesPerS),
      value => `PCIe ${figure(value / bytesOfGb)} GB/s`,
    ),
    text(
      ofGpu(({ nvlinkBytesPerS }) => nvlinkBytesPerS),
      value => `NVLink ${figure(value / bytesOfGb)} GB/s`,
    ),
  ].filter(part => part !== '')
  return said.length === 0 ? '–' : said.join(', ')
}

const text = (value: number | null, of: (value: number) => string): string => (value === null ? '' : of(value))

/** Mean over the repeats; null if the value is unknown for one of them. */
function known(values: readonly (number | null)[]): number | null {
  const found = values.flatMap(value => value ?? [])
  return found.length < values.length || found.length === 0 ? null : mean(found)
}
