import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reportedGpus, unreadiness } from '../../../src/deployers/kubernetes/status.ts'
import type { JsonObject } from '../../../src/model/index.ts'

const counts = (replicas: number, more: JsonObject = {}): JsonObject => ({
  replicas,
  updatedReplicas: replicas,
  availableReplicas: replicas,
  ...more,
})

function graph(status: JsonObject, generation = 3): JsonObject {
  return {
    metadata: { generation },
    status: {
      observedGeneration: 3,
      services: { p: counts(1), d: counts(2) },
      conditions: [{ type: 'Ready', status: 'True' }],
      ...status,
    },
  }
}
const wanted = [
  { name: 'p', replicas: 1 },
  { name: 'd', replicas: 2 },
]
const why = (status: JsonObject, generation?: number) => unreadiness(graph(status, generation), 'v1alpha1', wanted)

test('GPUs of a worker are what the operator counts, and unknown where it is too old to say', () => {
  const counted = graph({ services: { d: counts(1, { gpusPerReplica: 8 }) } })
  assert.deepEqual([reportedGpus(counted, 'v1alpha1', 'd'), reportedGpus(graph({}), 'v1alpha1', 'd')], [8, null])
})

describe('a graph is ready', () => {
  test('when every component has its workers, updated and available, and Ready is of this generation', () => {
    assert.deepEqual(why({}), [])
  })

  test('in the newer shape by its components', () => {
    const { services, ...status } = graph({}).status as JsonObject
    const beta = { metadata: { generation: 3 }, status: { ...status, components: services ?? null } }
    assert.deepEqual(unreadiness(beta, 'v1beta1', wanted), [])
  })

  test('with ready replicas where the operator counts no available ones', () => {
    const { availableReplicas: _, ...pod } = counts(2, { readyReplicas: 2 })
    assert.deepEqual(why({ services: { p: counts(1), d: pod } }), [])
  })

  test('without a word about a component that should have no workers', () => {
    assert.deepEqual(unreadiness(graph({}), 'v1alpha1', [...wanted, { name: 'agg', replicas: 0 }]), [])
  })
})

describe('a graph is not ready', () => {
  const cases: readonly [name: string, status: JsonObject, problem: RegExp][] = [
    ['when Ready is all that there is', { observedGeneration: null, services: {} }, /not reported a generation/],
    ['while a worker starts', { services: { p: counts(1), d: counts(2, { availableReplicas: 1 }) } }, /d has 1 of 2/],
    ['while a worker leaves', { services: { p: counts(2), d: counts(2) } }, /p has 2 of 1 replica running/],
    [
      'while pods are replaced',
      { services: { p: counts(1), d: counts(2, { updatedReplicas: 0 }) } },
      /0 of 2 .*updated/,
    ],
    ['when a component is not reported', { services: { p: counts(1) } }, /reports no replicas of d/],
    ['during a rolling update', { rollingUpdate: { phase: 'InProgress' } }, /a rolling update is InProgress/],
    [
      'when Ready is false, and says why',
      { conditions: [{ type: 'Ready', status: 'False', reason: 'insufficient_capacity', message: 'no GPUs' }] },
      /Ready is False \(insufficient_capacity: no GPUs\)/,
    ],
    ['when nothing says Ready', { conditions: [] }, /Ready is not reported/],
  ]
  for (const [name, status, problem] of cases) {
    test(name, () => {
      assert.match(why(status).join('; '), problem)
    })
  }

  test('when all it says is of the generation before', () => {
    assert.deepEqual(why({}, 4), ['the operator has not seen the last change'])
  })
})
