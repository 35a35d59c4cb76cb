/** SYNTHETIC runs whose GPUs draw what is said, for tests of energy and cost; see synthetic-run.ts. */
import type { PointResult } from '../../src/journal/event.ts'
import type { GpuObserved } from '../../src/metrics/gpu.ts'
import type { Finding } from '../../src/metrics/measurement.ts'
import { judgeGpus } from '../../src/metrics/validity/gpus.ts'
import { type Price, type Role, rolesOf, type SitePower } from '../../src/model/index.ts'
import { aggregated, disaggregated, type SyntheticOptions, syntheticRun } from './synthetic-run.ts'

export const euros: Price = { perGpuHour: 2.5, perKwh: null, currency: 'EUR' }

/** One GPU of a role. */
export const gpu = (role: Role, energyJ: number | null, more: Partial<GpuObserved> = {}): GpuObserved => ({
  ...{ id: role, name: `gpu of ${role}`, model: 'H100', worker: null, role, energyJ, energyErrorJ: 0 },
  ...{ energyFrom: 'counter', powerMeanW: null, powerLimitW: 700, utilization: 0.5, smActive: null },
  ...{ memoryMaxMib: null, memoryTotalMib: null, smClockMhz: null, temperatureMaxC: null, throttled: null },
  ...{ pcieBytesPerS: null, nvlinkBytesPerS: null, strangers: null },
  ...more,
})

export interface Site {
  readonly price?: Price | null
  readonly power?: SitePower
  /** W of each GPU of a role at a point; null where unknown. */
  readonly watts?: (role: Role, result: PointResult) => number | null
  readonly more?: (role: Role, result: PointResult) => Partial<GpuObserved>
}

/** A synthetic run whose GPUs draw what is said, judged as a measured one. */
export function runWith(
  { price = euros, power, watts = () => 500, more = () => ({}) }: Site,
  options: SyntheticOptions = {},
) {
  return syntheticRun({
    ...{ workloads: [[1000, 1000]], topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [1, 4, 16] },
    ...options,
    change: result => {
      const { measurement, point } = result
      if (measurement === null) return result
      const gpus = rolesOf(point.deployment.topology).map(role => {
        const drawn = watts(role, result)
        return gpu(role, drawn === null ? null : drawn * measurement.durationS, more(role, result))
      })
      const energyJ = gpus.some(one => one.energyJ === null)
        ? null
        : gpus.reduce((sum, one) => sum + (one.energyJ ?? 0), 0)
      const measured = {
        ...measurement,
        gpus: { source: 'nvml', gpus, energyJ, energyErrorJ: 0 },
        ...(price === null ? {} : { price }),
        ...(power === undefined ? {} : { sitePower: power }),
      }
      const findings: Finding[] = judgeGpus(measured, point.deployment.topology)
      return { ...result, measurement: measured, findings }
    },
  })
}
