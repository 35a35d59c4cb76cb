// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { energyOfRole } from '../../src/metrics/figures/energy.ts'
import type { GpuObserved } from '../../src/metrics/gpu.ts'
import type { Role } from '../../src/model/index.ts'
import { gpuRoleLines } from '../../src/render/views/gpu-role-lines.ts'
import { disaggregated, syntheticRun } from './synthetic-run.ts'

const gpu = (role: Role | null, more: Partial<GpuObserved> = {}): GpuObserved => ({
  ...{ id: `${role}`, name: 'gpu', model: 'H100', worker: null, role, energyJ: 1000, energyErrorJ: 1 },
  ...{ energyFrom: 'counter', powerMeanW: 610, powerLimitW: 700, utilization: 0.93, smActive: null },
  ...{ memoryMaxMib: 1000, memoryTotalMib: null, smClockMhz: null, temperatureMaxC: null, throttled: null },
  ...{ pcieBytesPerS: 3.1e9, nvlinkBytesPerS: 120e9, strangers: null },
  ...more,
})

function pointWith(gpus: readonly GpuObserved[], repeats = 1) {
  const energies = gpus.flatMap(({ energyJ }) => energyJ ?? [])
  const energyJ = energies.length < gpus.length ? null : energies.reduce((a, b) => a + b, 0)
  const run = syntheticRun({
    ...{ topologies: [disaggregated(1, 1)], concurrencies: [4], repeats },
    change: result =>
      result.measurement === null
        ? result
        : {
            ...result,
            measurement: { ...result.measurement, gpus: { source: 'nvml', gpus, energyJ, energyErrorJ: 1 } },
          },
  })
  const [point] = analyse(run).points
  assert.ok(point)
  return point
}

describe('the GPUs of a point', () => {
  test('are told by role: one GPU’s use, power and traffic, and the energy of all of them', () => {
    const decode = gpu('decode', { energyJ: 3000, utilization: 0.5, powerMeanW: 400 })
    const point = pointWith([gpu('prefill'), decode, decode], 2)
    assert.deepEqual(gpuRoleLines(point), [
      ['prefill, 1 GPU', '93% busy, 610 W, 1,000 J (14.3%), PCIe 3.1 GB/s, NVLink 120 GB/s'],
      ['decode, 2 GPUs', '50% busy, 400 W, 6,000 J (85.7%), PCIe 3.1 GB/s, NVLink 120 GB/s'],
    ])
    const [measurement] = point.valid
    assert.ok(measurement)
    const own = (['prefill', 'decode'] as const).map(role => energyOfRole(measurement, role) ?? 0)
    assert.equal(
      own.reduce((a, b) => a + b, 0),
      measurement.gpus?.energyJ,
    )
  })

  test('leave out what is not known of each of them, and never say 0 for it', () => {
    const point = pointWith([
      gpu('prefill', { energyJ: null, pcieBytesPerS: null }),
      gpu('decode', { nvlinkBytesPerS: null }),
    ])
    assert.deepEqual(gpuRoleLines(point), [
      ['prefill, 1 GPU', '93% busy, 610 W, NVLink 120 GB/s'],
      ['decode, 1 GPU', '93% busy, 610 W, PCIe 3.1 GB/s'],
    ])
  })

  test('are told together where nobody says whose they are', () => {
    assert.deepEqual(gpuRoleLines(pointWith([gpu(null), gpu(null)])), [
      ['2 GPUs', '93% busy, 610 W, 2,000 J, PCIe 3.1 GB/s, NVLink 120 GB/s'],
    ])
  })

  test('are nothing where none were observed', () => {
    const [point] = analyse(syntheticRun({ concurrencies: [4] })).points
    assert.ok(point)
    assert.deepEqual(gpuRoleLines(point), [])
  })
})
