import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Deployment, roles } from '../../src/model/index.ts'
import { cheapestArborescence } from '../../src/plan/order/arborescence.ts'
import { cheapestAssignment } from '../../src/plan/order/assignment.ts'
import { lowerBound } from '../../src/plan/order/bound.ts'
import { components } from '../../src/plan/order/components.ts'
import { startsOf, stepCosts, withFrontends } from '../../src/plan/order/costs.ts'
import { exactOrder } from '../../src/plan/order/exact.ts'
import { goodOrder } from '../../src/plan/order/heuristic.ts'
import { orderDeployments } from '../../src/plan/order/index.ts'
import { orderCost, poolsOf, reconcileCost } from '../../src/plan/order/reconcile-cost.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { scratch } from '../journal/journal-on-disk.ts'
import { aggregated, disaggregated, permutations, someDeployments } from './deployments.ts'
import { largeSweeps } from './large-sweeps.ts'

const pools = (deployments: readonly Deployment[]) => deployments.map(poolsOf)
const starts = (deployments: readonly Deployment[]) => orderCost(pools(deployments)).workersStarted
const change = (from: Deployment | null, to: Deployment) => reconcileCost(from && poolsOf(from), poolsOf(to))

describe('what a reconcile costs', () => {
  test('from nothing, every worker is started', () => {
    assert.deepEqual(change(null, disaggregated(2, 3)), { workersStarted: 5, workersStopped: 0 })
  })

  test('scaling a role starts or stops just the difference', () => {
    assert.deepEqual(change(disaggregated(2, 3), disaggregated(3, 3)), { workersStarted: 1, workersStopped: 0 })
    assert.deepEqual(change(disaggregated(2, 3), disaggregated(1, 4)), { workersStarted: 1, workersStopped: 1 })
  })

  test('a changed setting restarts the workers of that role only', () => {
    const to = disaggregated(2, 3, { prefill: { max_batch_size: 2 } })
    assert.deepEqual(change(disaggregated(2, 3), to), { workersStarted: 2, workersStopped: 2 })
  })

  test('changed GPUs per worker restart the workers of that role only', () => {
    const from = disaggregated(2, 3)
    const to = { ...from, gpusPerWorker: { ...from.gpusPerWorker, decode: 8 } }
    assert.deepEqual(change(from, to), { workersStarted: 3, workersStopped: 3 })
  })

  test('aggregated and disaggregated have no worker in common', () => {
    assert.deepEqual(change(aggregated(2), disaggregated(1, 1)), { workersStarted: 2, workersStopped: 2 })
  })

  test('the same settings in another key order are the same workers', () => {
    const from = disaggregated(1, 1, { decode: { a: 1, b: 2 } })
    const to = disaggregated(1, 1, { decode: { b: 2, a: 1 } })
    assert.deepEqual(change(from, to), { workersStarted: 0, workersStopped: 0 })
  })

  test('a detour never costs less than the direct way', () => {
    fc.assert(
      fc.property(someDeployments(3), deployments => {
        const [a, b, c] = deployments
        if (a === undefined || b === undefined || c === undefined) return
        assert.ok(change(a, c).workersStarted <= change(a, b).workersStarted + change(b, c).workersStarted)
      }),
    )
  })

  test('nor does it where frontends restart, and heads with them', () => {
    const pool = fc.record({ kind: fc.constantFrom('a', 'b'), workers: fc.integer({ min: 1, max: 3 }) })
    const frontend = fc.constantFrom('f', 'g')
    const headed = fc.oneof(
      fc.record({ aggregated: pool, frontend, head: fc.constant('aggregated' as const) }),
      fc.record({ prefill: pool, decode: pool, frontend, head: fc.constant('decode' as const) }),
    )
    const plain = fc.oneof(
      fc.record({ aggregated: pool, frontend }),
      fc.record({ prefill: pool, decode: pool, frontend }),
    )
    // A deployer has heads in all of its deployments, or in none.
    const three = fc.oneof(fc.tuple(headed, headed, headed), fc.tuple(plain, plain, plain))
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        const costs = withFrontends(stepCosts([a, b, c]), [a, b, c])
        assert.ok(costs.step(0, 2) <= costs.step(0, 1) + costs.step(1, 2))
        assert.ok(costs.first(2) <= costs.first(1) + costs.step(1, 2))
      }),
      { numRuns: 2000 },
    )
  })
})

test('of a thousand deployments, an order starts few more workers than any order must', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'sweep.yaml')
  await writeFile(file, largeSweeps(10_000)['many settings'] ?? '')
  const { deployments } = await loadSweep(file)
  const { cost, lowerBound: bound } = orderDeployments(deployments)
  assert.equal(deployments.length, 1000)
  // 574 when the moves were spent on the order of the file, which starts 3,375; 542 when each improvement began anew.
  assert.ok(cost.workersStarted <= 530, `${cost.workersStarted} of at least ${bound}`)
})

describe('the order of deployments', () => {
  test('a grid of ratios is walked in a snake or better', () => {
    const grid = [1, 2, 3].flatMap(p => [1, 2, 3].map(d => disaggregated(p, d)))
    const ordered = orderDeployments(grid)
    assert.equal(ordered.exact, true)
    assert.ok(ordered.cost.workersStarted < starts(grid))
  })

  test('going down is free, so a square of ratios costs no more than its largest', () => {
    const square = [disaggregated(1, 1), disaggregated(1, 2), disaggregated(2, 1), disaggregated(2, 2)]
    assert.equal(starts(square), 5)
    assert.equal(orderDeployments(square).cost.workersStarted, 4)
  })

  test('every deployment is visited exactly once', () => {
    fc.assert(
      fc.property(someDeployments(12), deployments => {
        const visited = orderDeployments(deployments).deployments.map(item => item.id)
        assert.deepEqual([...visited].sort(), deployments.map(item => item.id).sort())
      }),
    )
  })

  test('no order of a small plan starts fewer workers, and none that starts as many stops fewer', () => {
    fc.assert(
      fc.property(someDeployments(6), deployments => {
        const { cost, exact } = orderDeployments(deployments)
        const all = [...permutations(pools(deployments))].map(orderCost)
        const fewest = Math.min(...all.map(other => other.workersStarted))
        const stops = all.filter(other => other.workersStarted === fewest).map(other => other.workersStopped)
        assert.equal(exact, true)
        assert.deepEqual(cost, { workersStarted: fewest, workersStopped: Math.min(...stops) })
      }),
      { numRuns: 150 },
    )
  })

  test('it is never worse than the order given, and never better than the bound', () => {
    fc.assert(
      fc.property(someDeployments(40), deployments => {
        const { cost, givenCost, lowerBound: bound } = orderDeployments(deployments)
        assert.ok(cost.workersStarted <= givenCost.workersStarted)
        assert.ok(bound <= cost.workersStarted)
      }),
      { numRuns: 25 },
    )
  })

  test('the same deployments always come in the same order', () => {
    fc.assert(
      fc.property(someDeployments(30), deployments => {
        assert.deepEqual(orderDeployments(deployments), orderDeployments([...deployments]))
      }),
      { numRuns: 15 },
    )
  })

  test('deployments with workers in common stay together', () => {
    const mixed = [aggregated(1), disaggregated(1, 1), aggregated(2), disaggregated(1, 2)]
    const kinds = orderDeployments(mixed).deployments.map(item => item.topology.kind)
    assert.equal(kinds.filter((kind, index) => kind !== kinds[index - 1]).length, 2)
  })

  test('nothing to deploy costs nothing', () => {
    const { cost, lowerBound: bound, exact } = orderDeployments([])
    assert.deepEqual([cost.workersStarted, bound, exact], [0, 0, true])
  })
})

describe('parts of the search', () => {
  test('the fast table of steps says the same as reconciling', () => {
    fc.assert(
      fc.property(someDeployments(8), deployments => {
        const all = pools(deployments)
        const costs = stepCosts(all)
        for (const [from, a] of all.entries()) {
          for (const [to, b] of all.entries()) assert.equal(costs.step(from, to), reconcileCost(a, b).workersStarted)
        }
      }),
    )
  })

  test('groups have no kind of worker in common', () => {
    fc.assert(
      fc.property(someDeployments(20), deployments => {
        const all = pools(deployments)
        const kinds = components(all).map(
          group => new Set(group.flatMap(index => roles.flatMap(role => all[index]?.[role]?.kind ?? []))),
        )
        assert.equal(
          kinds.reduce((sum, set) => sum + set.size, 0),
          kinds.reduce((union, set) => union.union(set), new Set()).size,
        )
      }),
    )
  })

  test('the heuristic finds the best order of most small plans, and is near it in all', () => {
    const gaps: number[] = []
    fc.assert(
      fc.property(someDeployments(9), deployments => {
        const costs = stepCosts(pools(deployments))
        const best = startsOf(costs, exactOrder(costs))
        gaps.push(startsOf(costs, goodOrder(costs)) / best)
      }),
      { numRuns: 60, seed: 1 },
    )
    assert.ok(Math.max(...gaps) <= 1.2, `worst ${Math.max(...gaps)}`)
    assert.ok(gaps.filter(gap => gap === 1).length >= 0.8 * gaps.length)
  })

  test('the bound is never above the best order', () => {
    fc.assert(
      fc.property(someDeployments(8), deployments => {
        const all = pools(deployments)
        const costs = stepCosts(all)
        const best = startsOf(costs, exactOrder(costs))
        assert.ok(lowerBound(all, costs, best + 3) <= best)
      }),
      { numRuns: 100 },
    )
  })

  test('the cheapest assignment is the one that trying all finds', () => {
    const square = fc.integer({ min: 1, max: 5 }).chain(size =>
      fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: size, maxLength: size }), {
        minLength: size,
        maxLength: size,
      }),
    )
    fc.assert(
      fc.property(square, table => {
        const columns = table.map((_, index) => index)
        const sums = [...permutations(columns)].map(order =>
          order.reduce((sum, column, row) => sum + (table[row]?.[column] ?? 0), 0),
        )
        assert.equal(
          cheapestAssignment(table.length, (row, column) => table[row]?.[column] ?? 0),
          Math.min(...sums),
        )
      }),
    )
  })

  test('the cheapest arborescence is a tree, and the one that trying all finds', () => {
    const graph = fc
      .integer({ min: 2, max: 5 })
      .chain(size =>
        fc.tuple(
          fc.constant(size),
          fc.array(fc.integer({ min: 0, max: 20 }), { minLength: size * size, maxLength: size * size }),
        ),
      )
    fc.assert(
      fc.property(graph, ([size, numbers]) => {
        const cost = Float64Array.from(numbers)
        const { cost: found, parent } = cheapestArborescence(size, cost)
        assert.ok(isTree([...parent]))
        let best = Number.POSITIVE_INFINITY
        for (let code = 0; code < size ** (size - 1); code++) {
          const candidate = [
            -1,
            ...Array.from({ length: size - 1 }, (_, digit) => Math.floor(code / size ** digit) % size),
          ]
          if (!isTree(candidate)) continue
          best = Math.min(
            best,
            candidate.reduce((sum, from, to) => sum + (from < 0 ? 0 : (cost[from * size + to] ?? 0)), 0),
          )
        }
        assert.equal(found, best)
      }),
    )
  })
})

function isTree(parent: readonly number[]): boolean {
  return parent.every((_, node) => {
    let at = node
    for (let steps = 0; steps <= parent.length && at > 0; steps++) at = parent[at] ?? -1
    return at === 0
  })
}
