// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { measuredPoints } from '../../../src/analysis/measured-point.ts'
import { roleStates } from '../../../src/analysis/tune/role-state.ts'
import type { ServerMetrics } from '../../../src/metrics/measurement.ts'
import type { Topology } from '../../../src/model/index.ts'
import { aggregated, disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

const gauge = (value: number) => ({ mean: value, max: value, last: value })
const worker = { 'vllm:num_requests_running': gauge(4), 'vllm:num_requests_waiting': gauge(9) }

/** The slots of each role's workers in an endpoint whose settings nobody knows. */
function slotsOf(topology: Topology, server: ServerMetrics) {
  const run = syntheticRun({
    ...{ topologies: [topology], concurrencies: [16] },
    change: result =>
      result.measurement === null ? result : { ...result, measurement: { ...result.measurement, server } },
  })
  const [point] = measuredPoints(run)
  assert.ok(point)
  const unset = { ...point, deployment: { ...point.deployment, engine: {} } }
  return roleStates(unset).map(({ role, slots }) => [role, slots])
}

describe('slots that no setting gives', () => {
  const frontend = { dynamo_frontend_model_max_num_seqs: gauge(4) }

  test('are those that Dynamo’s frontend shows, where every worker is aggregated', () =>
    assert.deepEqual(slotsOf(aggregated(1), { frontend, 'aggregated-0': worker }), [['aggregated', 4]]))

  test('are unknown in a disaggregated deployment: the frontend does not say of which role', () =>
    assert.deepEqual(slotsOf(disaggregated(1, 1), { frontend, 'prefill-0': worker, 'decode-0': worker }), [
      ['prefill', null],
      ['decode', null],
    ]))

  test('are those of the worker’s own page, where it shows them', () => {
    const own = { ...worker, dynamo_load_metrics_request_total_slots: gauge(8) }
    assert.deepEqual(slotsOf(disaggregated(1, 1), { 'prefill-0': worker, 'decode-0': own }), [
      ['prefill', null],
      ['decode', 8],
    ])
  })

  test('are unknown where nothing shows them', () =>
    assert.deepEqual(slotsOf(aggregated(1), { 'aggregated-0': worker }), [['aggregated', null]]))
})
