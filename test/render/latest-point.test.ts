// Test part: unit
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GpuObserved } from '../../src/metrics/gpu.ts'
import type { Role } from '../../src/model/index.ts'
import { latestPointLines } from '../../src/render/views/latest-point.ts'
import { disaggregated, failed, syntheticRun } from './synthetic-run.ts'

const gpu = (role: Role, utilization: number | null, powerMeanW: number | null): GpuObserved => ({
  ...{ id: role, name: role, model: 'H100', worker: null, role, energyJ: null, energyErrorJ: null, energyFrom: null },
  ...{ powerMeanW, powerLimitW: null, utilization, smActive: null, memoryMaxMib: null, memoryTotalMib: null },
  ...{ smClockMhz: null, temperatureMaxC: null, throttled: null, pcieBytesPerS: null, nvlinkBytesPerS: null },
  strangers: null,
})
const gauge = (value: number) => ({ mean: value, max: value, last: value })

const options = { topologies: [disaggregated(1, 1)], concurrencies: [4], workloads: [[1000, 100]] } as const

/** A run whose journal has its results. */
function linesOf(change?: Parameters<typeof syntheticRun>[0]) {
  const run = syntheticRun({ ...options, ...change })
  const lines = run.results.map((result, seq) => ({
    seq,
    at: '2026-01-01T00:00:00.000Z',
    event: { type: 'point' as const, result, elapsedS: 1 },
  }))
  return latestPointLines({ ...run, lines: lines as unknown as typeof run.lines })
}

test('the latest point tells its latencies, and queues and GPUs by role', () => {
  const lines = linesOf({
    change: result => ({
      ...result,
      measurement: result.measurement && {
        ...result.measurement,
        server: {
          'prefill-0': { 'vllm:num_requests_running': gauge(1), 'vllm:num_requests_waiting': gauge(3) },
          'decode-0': {
            'vllm:num_requests_running': gauge(4),
            'vllm:num_requests_waiting': gauge(0),
            'vllm:kv_cache_usage_perc': gauge(0.4),
          },
        },
        gpus: {
          source: 'nvml',
          gpus: [gpu('prefill', 0.22, 310), gpu('decode', 0.95, null)],
          energyJ: null,
          energyErrorJ: null,
        },
      },
    }),
  })
  assert.match(lines[0] ?? '', /^TTFT p95 .* ITL p95 .* output tokens\/s$/)
  assert.deepEqual(lines.slice(1), [
    'Each worker: prefill 1 running, 3 waiting; decode 4 running, 0 waiting, KV cache 40%',
    'Each GPU: prefill busy 22%, 310 W; decode busy 95%',
  ])
})

test('what was not observed has no line, and a failed point has none at all', () => {
  assert.equal(linesOf().length, 1)
  assert.deepEqual(linesOf({ change: result => failed(result, 'gone') }), [])
})
