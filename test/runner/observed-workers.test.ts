import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { missingEngineMetrics } from '../../src/runner/observed-workers.ts'

const gauge = { mean: 1, max: 1, last: 1 }
const bare = { dynamo_component_inflight_requests: gauge }

describe('workers that show no metrics of their engine', () => {
  test('are named, with what makes TensorRT-LLM show them', () => {
    const server = { frontend: bare, 'prefill-0': bare, 'decode-0': { trtllm_num_requests_waiting: gauge } }
    const [finding, ...others] = missingEngineMetrics(server, () => 'trtllm')
    assert.deepEqual([finding?.severity, finding?.code, others.length], ['note', 'engine-metrics-missing', 0])
    assert.match(finding?.message ?? '', /pages of prefill-0 show no queue.*--publish-metrics \(Dynamo 1\.4: /)
  })

  test('are not named where the engine only pretends to compute', () => {
    assert.deepEqual(
      missingEngineMetrics({ 'prefill-0': bare }, () => 'mocker'),
      [],
    )
  })

  test('are named without advice where nobody knows the engine', () => {
    const [finding] = missingEngineMetrics({ 'aggregated-0': bare }, () => null)
    assert.match(finding?.message ?? '', /of an engine$/)
  })
})
