import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Deployment, topologyLabel } from '../../src/model/index.ts'
import { orderDeployments } from '../../src/plan/order/index.ts'
import { poolsOfSweep } from '../../src/plan/order/pools-of-sweep.ts'
import { orderCost, type PartKinds, poolsOfVariant, reconcileCost } from '../../src/plan/order/reconcile-cost.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { read, sweepText } from '../spec/sweep-text.ts'
import { aggregated, permutations, someDeployments } from './deployments.ts'

/** What each variant starts its parts with; `frontend` differs from `base` in its frontend alone, and so on. */
const kinds: { readonly [variant: string]: PartKinds } = {
  base: { frontend: 'f', workers: { prefill: 'p', decode: 'd', aggregated: 'a' } },
  frontend: { frontend: 'f2', workers: { prefill: 'p', decode: 'd', aggregated: 'a' } },
  decode: { frontend: 'f', workers: { prefill: 'p', decode: 'd2', aggregated: 'a' } },
  all: { frontend: 'f2', workers: { prefill: 'p2', decode: 'd3', aggregated: 'a2' } },
}

/** The same, where one worker that writes tokens runs in the frontend's process. */
const headed: { readonly [variant: string]: PartKinds } = Object.fromEntries(
  Object.entries(kinds).map(([name, { frontend, workers }]) => [
    name,
    { frontend: null, workers, heads: { decode: frontend, aggregated: frontend } },
  ]),
)

const poolsUnder = (all: typeof kinds) => (deployment: Deployment) =>
  poolsOfVariant(deployment, all[deployment.variant ?? ''] ?? assert.fail())
const poolsOf = poolsUnder(kinds)

const crossed = (deployments: readonly Deployment[], variants: readonly string[]) =>
  deployments.flatMap(deployment =>
    variants.map(variant => ({ ...deployment, id: `${deployment.id} ${variant}`, variant })),
  )

const named = fc
  .tuple(someDeployments(3), fc.uniqueArray(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 2 }))
  .map(([deployments, variants]) => crossed(deployments, variants))

describe('the order of variants', () => {
  test('starts the fewest workers of all orders, then restarts the fewest frontends, then stops the fewest', () => {
    fc.assert(
      fc.property(named, fc.constantFrom(kinds, headed), (deployments, all) => {
        const pools = poolsUnder(all)
        const { cost, exact } = orderDeployments(deployments, pools)
        const weightOf = ({ workersStarted, frontendsRestarted = 0, workersStopped }: typeof cost) =>
          workersStarted * 1e6 + frontendsRestarted * 1e3 + workersStopped
        const least = Math.min(...[...permutations(deployments.map(pools))].map(order => weightOf(orderCost(order))))
        assert.equal(weightOf(cost), least)
        assert.equal(exact, true)
      }),
      { numRuns: 60 },
    )
  })

  test('of many deployments is never worse than the one that is written', () => {
    fc.assert(
      fc.property(someDeployments(12), deployments => {
        const { cost, givenCost } = orderDeployments(crossed(deployments, Object.keys(kinds)), poolsOf)
        assert.ok(cost.workersStarted <= givenCost.workersStarted)
        if (cost.workersStarted === givenCost.workersStarted)
          assert.ok((cost.frontendsRestarted ?? 0) <= (givenCost.frontendsRestarted ?? 0))
      }),
      { numRuns: 30 },
    )
  })

  test('never starts a worker to spare frontends', () => {
    const deployments = crossed([aggregated(1), aggregated(2), aggregated(3)], ['base', 'frontend'])
    const { cost } = orderDeployments(deployments, poolsOf)
    // Up with one frontend, down with the other.
    assert.deepEqual(cost, { workersStarted: 3, workersStopped: 2, frontendsRestarted: 1 })
  })
})

describe('what changing the variant costs', () => {
  const step = (from: string, to: string, all = kinds) => {
    const [a, b] = [from, to].map(variant => poolsUnder(all)({ ...aggregated(2), variant }))
    return a && b && reconcileCost(a, b)
  }

  test('another frontend is a frontend and no worker', () => {
    assert.deepEqual(step('base', 'frontend'), { workersStarted: 0, workersStopped: 0, frontendsRestarted: 1 })
  })

  test('other workers are those of the role and no frontend', () => {
    assert.deepEqual(step('base', 'decode'), { workersStarted: 0, workersStopped: 0, frontendsRestarted: 0 })
    assert.deepEqual(step('base', 'all'), { workersStarted: 2, workersStopped: 2, frontendsRestarted: 1 })
  })

  test('a head is the frontend and the one worker that comes with it', () => {
    assert.deepEqual(step('base', 'frontend', headed), {
      workersStarted: 1,
      workersStopped: 1,
      frontendsRestarted: 1,
    })
    assert.deepEqual(step('base', 'decode', headed), { workersStarted: 0, workersStopped: 0, frontendsRestarted: 0 })
    assert.deepEqual(step('base', 'all', headed), { workersStarted: 2, workersStopped: 2, frontendsRestarted: 1 })
  })
})

describe('the plan of a sweep with variants', () => {
  test('says by the deployer what stays: a router of the simulated engine changes no worker', async () => {
    const sweep = await read(sweepText({ variants: '{ rr: {}, least: { deploy: { router: least-loaded } } }' }))
    const { cost, deployments, nestedLoopCost } = planSweep(sweep)
    assert.deepEqual(cost, { workersStarted: 4, workersStopped: 2, frontendsRestarted: 2 })
    assert.equal(nestedLoopCost.workersStarted, 8)
    assert.deepEqual(
      deployments.map(({ deployment }) => topologyLabel(deployment.topology)),
      ['agg x2', 'agg x2', '1P1D', '1P1D'],
    )
  })

  test('starts everything anew where the deployer can’t change what runs', async () => {
    const deploy = '{ with: attach, url: "http://h:1", gpus: 1 }'
    const sweep = await read(
      sweepText({ deploy, topologies: '[agg x1]', variants: '{ a: {}, b: { deploy: { url: "http://h:2" } } }' }),
    )
    const pools = sweep.deployments.map(poolsOfSweep(sweep))
    assert.deepEqual(pools[0] && pools[1] && reconcileCost(pools[0], pools[1]), {
      workersStarted: 1,
      workersStopped: 1,
      frontendsRestarted: 1,
    })
  })
})
