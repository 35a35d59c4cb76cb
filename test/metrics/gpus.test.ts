// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { figureNamed, figures } from '../../src/metrics/figures/index.ts'
import type { GpuObserved } from '../../src/metrics/gpu.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { judgeGpus } from '../../src/metrics/validity/gpus.ts'
import type { Role, Topology } from '../../src/model/index.ts'
import { measurementOf, smallPlan } from '../runner/small-system.ts'

const planned = smallPlan([1]).deployments.find(({ deployment }) => deployment.topology.kind === 'disaggregated')
const [point] = planned?.points ?? []
assert.ok(point !== undefined)
const { deployment } = point

const gpu = (role: Role | null, energyJ: number | null, more: Partial<GpuObserved> = {}): GpuObserved => ({
  ...{ id: 'GPU', name: `gpu of ${role}`, model: 'H100', worker: null, role, energyJ, energyErrorJ: 0 },
  ...{ energyFrom: 'counter', powerMeanW: null, powerLimitW: 700, utilization: 0.5, smActive: null },
  ...{ memoryMaxMib: 1000, memoryTotalMib: null, smClockMhz: null, temperatureMaxC: null, throttled: null },
  ...{ pcieBytesPerS: null, nvlinkBytesPerS: null, strangers: null },
  ...more,
})

function measuredWith(gpus: readonly GpuObserved[], more: Partial<Measurement> = {}): Measurement {
  const energyJ = gpus.some(one => one.energyJ === null) ? null : gpus.reduce((sum, one) => sum + (one.energyJ ?? 0), 0)
  return measurementOf(point as NonNullable<typeof point>, {
    ...{ durationS: 10, requestsPerS: 2, outputTokensPerS: 100, inputTokensPerS: 1000 },
    gpus: { source: 'nvml', gpus, energyJ, energyErrorJ: 0 },
    ...more,
  })
}

const figureOf = (name: string, measurement: Measurement) =>
  figureNamed(name, figures)?.of(measurement, deployment) ?? null

describe('figures of energy and cost', () => {
  const pools = [gpu('prefill', 1000), gpu('decode', 3000)]

  test('are by token, request and MW of all GPUs, and by role', () => {
    const m = measuredWith(pools)
    assert.equal(figureOf('gpu_energy_j', m), 4000)
    assert.equal(figureOf('gpu_power_mean_w', m), 400)
    assert.equal(figureOf('energy_per_output_token_j', m), 4)
    assert.equal(figureOf('energy_per_request_j', m), 200)
    assert.equal(figureOf('output_tokens_per_s_per_mw', m), 250_000)
    assert.equal(figureOf('prefill_energy_per_output_token_j', m), 1)
    assert.equal(figureOf('decode_energy_per_output_token_j', m), 3)
    assert.equal(figureOf('aggregated_energy_per_output_token_j', m), null)
  })

  test('are empty, not 0, when the energy of one GPU is unknown', () => {
    const m = measuredWith([gpu('prefill', null), gpu('decode', 3000)])
    for (const { name } of figures) if (/energy|power|_mw/.test(name)) assert.equal(figureOf(name, m), null, name)
  })

  test('are empty without telemetry and price', () => {
    const { gpus: _, ...without } = measuredWith(pools)
    for (const { name } of figures)
      if (/energy|power|_mw|gpu_util|gpu_mem|cost/.test(name)) assert.equal(figureOf(name, without), null, name)
  })

  test('count hosts, network and PUE where the sweep gives them', () => {
    const m = measuredWith(pools, { sitePower: { pue: 1.25, hostW: 180, networkW: 20 } })
    // (400 W + 2 GPUs × 200 W) × 1.25
    assert.equal(figureOf('output_tokens_per_s_per_mw_all_in', m), 100 / 1e-3)
  })

  test('cost is that of GPU-hours over the tokens of an hour', () => {
    const m = measuredWith(pools, { price: { perGpuHour: 1.8, perKwh: null, currency: 'EUR' } })
    assert.ok(Math.abs((figureOf('cost_per_million_output_tokens', m) ?? 0) - 10) < 1e-9)
    assert.ok(Math.abs((figureOf('cost_per_million_input_tokens', m) ?? 0) - 1) < 1e-9)
  })

  test('cost with energy priced by itself is empty where energy is unknown', () => {
    const price = { perGpuHour: 1.8, perKwh: 0.36, currency: null }
    // 400 W for 10,000 s are 4 MJ, 1.11 kWh.
    const known = figureOf('cost_per_million_output_tokens', measuredWith(pools, { price })) ?? 0
    assert.ok(Math.abs(known - 10.4) < 1e-9, `${known}`)
    const unknown = measuredWith([gpu('prefill', null), gpu('decode', 1)], { price })
    assert.equal(figureOf('cost_per_million_output_tokens', unknown), null)
  })
})

describe('what GPUs say of a point', () => {
  const codes = (...gpus: readonly GpuObserved[]) =>
    judgeGpus(measuredWith(gpus), deployment.topology).map(finding => finding.code)

  test('nothing, where nothing is odd', () => assert.deepEqual(codes(gpu('prefill', 1), gpu('decode', 1)), []))

  test('heat is a warning, the power limit a note', () => {
    const throttled = { power: 0.5, thermal: 0.2 }
    const found = judgeGpus(measuredWith([gpu('decode', 1, { throttled })]), deployment.topology)
    assert.deepEqual(
      found.map(({ code, severity }) => [code, severity]),
      [
        ['gpu-throttled', 'warning'],
        ['gpu-power-capped', 'note'],
      ],
    )
  })

  test('a stranger on a GPU is named', () => {
    const [finding] = judgeGpus(measuredWith([gpu('decode', 1, { strangers: ['python (42)'] })]), deployment.topology)
    assert.match(finding?.message ?? '', /python \(42\) on gpu of decode/)
  })

  test('unlike GPUs in one pool are told, in two pools not', () => {
    assert.deepEqual(codes(gpu('decode', 1), gpu('decode', 1, { model: 'H200' })), ['gpus-unlike'])
    assert.deepEqual(codes(gpu('prefill', 1), gpu('decode', 1, { model: 'H200' })), [])
  })

  test('an idle pool beside a busy one is told, with the topology that gives the other one more', () => {
    const told = (prefill: number, decode: number, topology: Topology) =>
      judgeGpus(
        measuredWith([gpu('prefill', 1, { utilization: prefill }), gpu('decode', 1, { utilization: decode })]),
        topology,
      ).map(({ message }) => message)
    const of = (prefill: number, decode: number) => ({ kind: 'disaggregated', prefill, decode }) as const
    assert.deepEqual(told(0.22, 0.9, of(1, 1)), [
      'The prefill GPUs were busy 22% of the time and the decode GPUs 90%: try 1P2D',
    ])
    assert.match(told(0.22, 0.9, of(3, 1))[0] ?? '', /try 2P2D$/)
    assert.match(told(0.9, 0.1, of(1, 1))[0] ?? '', /decode GPUs were busy 10% .* prefill GPUs 90%: try 2P1D$/)
    assert.deepEqual(told(0.22, 0.5, of(1, 1)), [])
    assert.deepEqual(told(0.22, 0.9, { kind: 'aggregated', workers: 2 }), [])
  })
})
