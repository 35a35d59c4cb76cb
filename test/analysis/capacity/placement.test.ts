import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { layouts, placed } from '../../../src/analysis/capacity/placement.ts'
import type { Deployment, Topology } from '../../../src/model/index.ts'
import { gpusOf } from '../../../src/model/index.ts'
import { aggregated, disaggregated } from '../../render/synthetic-run.ts'

const deployment = (topology: Topology, gpus = 4): Deployment => ({
  id: 'd',
  topology,
  model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
  engine: {},
  gpusPerWorker: { prefill: gpus, decode: gpus, aggregated: gpus },
})

describe('replicas on nodes', () => {
  test('share nodes when packed tightly, and a lost node takes all that touch it', () => {
    // 12 GPUs on nodes of 8: the middle node of three holds a part of both replicas.
    assert.deepEqual(placed(deployment(disaggregated(2, 1)), 2, { gpusPerNode: 8, nodesLost: 1 }, 'tight'), {
      nodes: 3,
      replicasLost: 2,
    })
  })
  test('lose one replica a node when each starts on a fresh one, at the price of nodes', () => {
    assert.deepEqual(placed(deployment(disaggregated(2, 1)), 2, { gpusPerNode: 8, nodesLost: 1 }, 'fresh nodes'), {
      nodes: 4,
      replicasLost: 1,
    })
  })
  test('may be several on a node', () => {
    assert.deepEqual(placed(deployment(aggregated(1)), 5, { gpusPerNode: 8, nodesLost: 1 }, 'tight'), {
      nodes: 3,
      replicasLost: 2,
    })
  })
  test('take whole nodes for a worker that is larger than one', () => {
    assert.deepEqual(placed(deployment(aggregated(1), 16), 2, { gpusPerNode: 8, nodesLost: 1 }, 'tight'), {
      nodes: 4,
      replicasLost: 1,
    })
  })
  test('always have enough GPUs, and never lose more than there are', () => {
    const cases = fc.record({
      prefill: fc.integer({ min: 1, max: 4 }),
      decode: fc.integer({ min: 1, max: 4 }),
      gpus: fc.constantFrom(1, 2, 4, 8, 16),
      replicas: fc.integer({ min: 1, max: 12 }),
      gpusPerNode: fc.constantFrom(1, 4, 8),
      nodesLost: fc.integer({ min: 0, max: 3 }),
      layout: fc.constantFrom(...layouts),
    })
    fc.assert(
      fc.property(cases, ({ prefill, decode, gpus, replicas, layout, ...fleet }) => {
        const one = deployment(disaggregated(prefill, decode), gpus)
        const found = placed(one, replicas, fleet, layout)
        assert.ok(found.nodes * fleet.gpusPerNode >= replicas * gpusOf(one))
        assert.ok(found.replicasLost <= replicas)
        assert.equal(found.replicasLost === 0, fleet.nodesLost === 0)
      }),
    )
  })
})
