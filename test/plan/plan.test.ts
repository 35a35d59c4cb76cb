import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Point } from '../../src/model/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import type { Plan } from '../../src/spec/sweep.ts'
import { filesOf, read, sweepText } from '../spec/sweep-text.ts'

const planOf = async (sections: { readonly [section: string]: string } = {}, files = filesOf({})) =>
  planSweep(await read(sweepText(sections), files))
const pointsOf = (plan: Plan): readonly Point[] => plan.deployments.flatMap(planned => planned.points)
const idsOf = (plan: Plan) => pointsOf(plan).map(point => point.id)

/** Without the functions of its deployer and generator, which are others each time. */
const dataOf = (plan: unknown): unknown => JSON.parse(JSON.stringify(plan))

describe('the plan', () => {
  const list = (max: number) => fc.uniqueArray(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 3 })
  const axes = fc.record({
    prefill: list(3),
    decode: list(3),
    aggregated: list(3),
    concurrency: list(500),
    repeats: fc.integer({ min: 1, max: 3 }),
  })
  const sectionsOf = (value: {
    prefill: number[]
    decode: number[]
    aggregated: number[]
    concurrency: number[]
    repeats: number
  }) => ({
    topologies: JSON.stringify([{ prefill: value.prefill, decode: value.decode }, { aggregated: value.aggregated }]),
    workloads: '[8000/256, 1000/1000]',
    load: JSON.stringify({ concurrency: value.concurrency }),
    repeats: String(value.repeats),
  })

  test('holds every point exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(axes, async value => {
        const plan = await planOf(sectionsOf(value))
        const cells = pointsOf(plan).map(({ deployment, workload, load, repeat }) =>
          JSON.stringify([deployment.id, workload.name, load.level, repeat]),
        )
        const deployments = value.prefill.length * value.decode.length + value.aggregated.length
        const expected = deployments * 2 * value.concurrency.length * value.repeats
        assert.equal(new Set(cells).size, expected)
        assert.equal(new Set(idsOf(plan)).size, expected)
        assert.equal(plan.pointCount, expected)
        assert.equal(cells.length, expected)
      }),
      { numRuns: 40 },
    )
  })

  test('is the same for the same file, costs at most what nested loops cost, and at least its bound', async () => {
    await fc.assert(
      fc.asyncProperty(axes, async value => {
        const [plan, again] = [await planOf(sectionsOf(value)), await planOf(sectionsOf(value))]
        assert.deepEqual(dataOf(plan), dataOf(again))
        assert.ok(plan.cost.workersStarted <= plan.nestedLoopCost.workersStarted)
        assert.ok(plan.lowerBound <= plan.cost.workersStarted)
      }),
      { numRuns: 40 },
    )
  })

  test('measures repeats far apart, every second round backwards', async () => {
    const plan = await planOf({ topologies: '1P1D', load: '{ concurrency: [1, 4] }', repeats: '3' })
    const order = pointsOf(plan).map(({ load, repeat }) => [
      repeat,
      load.level.kind === 'concurrency' ? load.level.concurrency : 0,
    ])
    assert.deepEqual(order, [
      [1, 1],
      [1, 4],
      [2, 4],
      [2, 1],
      [3, 1],
      [3, 4],
    ])
  })
})

describe('ids', () => {
  const same = async (a: object, b: object) =>
    assert.deepEqual(idsOf(await planOf({ ...a })), idsOf(await planOf({ ...b })))
  const differ = async (a: object, b: object) => {
    const other = new Set(idsOf(await planOf({ ...b })))
    assert.deepEqual(
      idsOf(await planOf({ ...a })).filter(id => other.has(id)),
      [],
    )
  }

  test('of another workload, load, seed, generator or deployer setting differ', async () => {
    const base = { topologies: '1P1D' }
    await differ(base, { ...base, workloads: '[8000/257]' })
    await differ(base, { ...base, load: '{ concurrency: [1, 4], seed: 7 }' })
    await differ(base, { ...base, load: '{ concurrency: [1, 4], extra: { temperature: 0 } }' })
    await differ(base, { ...base, generator: 'aiperf' })
    await differ(base, { ...base, engine: '{ decode: { max_batch_size: 8 } }' })
    await differ(base, { ...base, deploy: '{ with: simulated, gpus_per_worker: 8 }' })
  })

  test('don’t depend on names, on what judges a measurement, or on the rest of the grid', async () => {
    const base = { topologies: '1P1D' }
    await same(base, { ...base, name: 'other' })
    await same(base, { ...base, workloads: '[{ name: long, isl: 8000, osl: 256 }]' })
    await same(base, { ...base, slo: '{ itl_p95_ms: 5 }', validity: '{ error_share: 0.5 }' })
    await same({ ...base, generator: 'built-in' }, { ...base, generator: '{ name: built-in, shards: 3 }' })
    const wide = new Set(
      idsOf(await planOf({ topologies: '[agg x1, 1P1D, 2P2D]', load: '{ concurrency: [1, 2, 4] }' })),
    )
    assert.ok(idsOf(await planOf(base)).every(id => wide.has(id)))
  })

  test('don’t depend on where the checkout lies or where services listen', async () => {
    const deploy = (more: string) => ({ topologies: '1P1D', deploy: `{ with: dynamo, backend: dynamo.mocker${more} }` })
    await same(deploy(''), deploy(', nats: "nats://h:4222", http_port: 8123, ready_timeout: 9s'))
    await differ(deploy(''), deploy(', args: { speedup-ratio: 2 }'))
  })

  test('follow the content of a trace, not its path', async () => {
    const sweep = await read(sweepText({ topologies: '1P1D', load: '{ concurrency: 1 }' }))
    const replaying = (file: string) => {
      const loads = sweep.loads.map(load => ({ ...load, level: { kind: 'trace' as const, file, speed: 1 } }))
      return idsOf(planSweep({ ...sweep, loads, fingerprints: { '/a': 'x', '/b': 'x', '/c': 'y' } }))
    }
    assert.deepEqual(replaying('/a'), replaying('/b'))
    assert.notDeepEqual(replaying('/a'), replaying('/c'))
  })
})

describe('seeds', () => {
  const seeds = async (more: { readonly [section: string]: string }) =>
    pointsOf(await planOf({ topologies: '[1P1D, 2P1D]', ...more })).map(point => point.load.seed)

  test('of the built-in generator differ from repeat to repeat only', async () => {
    assert.deepEqual([...new Set(await seeds({ repeats: '2' }))], [100, 101])
  })

  test('of other generators differ from point to point', async () => {
    const found = await seeds({ generator: 'genai-perf' })
    assert.equal(new Set(found).size, found.length)
  })

  test('are the one in the file when all points shall have the same prompts', async () => {
    const found = await seeds({ generator: 'genai-perf', load: '{ concurrency: [1, 4], seed: 7, prompts: same }' })
    assert.deepEqual([...new Set(found)], [7])
  })
})

describe('the time estimate', () => {
  test('rests on past runs where there are any', async () => {
    const sweep = await read(sweepText({ deploy: '{ with: attach, url: "http://h", gpus: 2 }', topologies: '1P1D' }))
    const { estimate, pointCount } = planSweep(sweep, 7)
    assert.equal(estimate?.seconds, 7 * pointCount)
    assert.match(estimate?.basis ?? '', /^past runs, 7\.0 s per point/)
  })

  test('is a guess that says so otherwise', async () => {
    const { estimate } = await planOf({ topologies: '1P1D', load: '{ request_rate: 1, duration: 100s, warmup: 0 }' })
    assert.match(estimate?.basis ?? '', /^a guess/)
    assert.ok((estimate?.seconds ?? 0) >= 100)
  })

  test('has the checks of quality, once for each deployment or at each load level', async () => {
    const lines = Array.from(
      { length: 32 },
      (_, index) => `{"question": "What is ${index} + 1?", "answer": "${index + 1}"}`,
    )
    const files = filesOf({ '/sweeps/q.jsonl': lines.join('\n') })
    const secondsOf = async (more: { readonly [section: string]: string }) =>
      (await planOf({ topologies: '[1P1D, 2P1D]', load: '{ concurrency: [4, 16], requests: 64 }', ...more }, files))
        .estimate?.seconds ?? 0
    const without = await secondsOf({})
    const once = (await secondsOf({ quality: '{ questions: q.jsonl, max_tokens: 100 }' })) - without
    const each = (await secondsOf({ quality: '{ questions: q.jsonl, max_tokens: 100, at: point }' })) - without
    // 32 questions, 16 at once: two rounds; 4 at once: eight.
    assert.ok(once > 0)
    assert.ok(Math.abs(each / once - (2 + 8) / 2) < 1e-9, `${each} is not five times ${once}`)
  })

  test('takes from the fewest to the most requests where points stop by what they have measured', async () => {
    const sweep = await read(sweepText({ load: '{ concurrency: 16, requests: 100x }' }))
    const loads = sweep.loads.map(load => ({ ...load, auto: { min: 160, precision: 0.05 } }))
    const { estimate } = planSweep({ ...sweep, loads })
    const fewest = planSweep(await read(sweepText({ load: '{ concurrency: 16, requests: 10x }' }))).estimate
    assert.equal(estimate?.secondsAtLeast, fewest?.seconds)
    assert.ok((estimate?.seconds ?? 0) > 5 * (estimate?.secondsAtLeast ?? 0))
    assert.equal(fewest?.secondsAtLeast, undefined)
  })

  test('takes from the shortest to the longest warm-up where points wait until TTFT is steady', async () => {
    const estimateOf = async (warmup: string) =>
      planSweep(await read(sweepText({ load: `{ concurrency: 16, requests: 10x, warmup: ${warmup} }` }))).estimate
    const estimate = await estimateOf('auto')
    assert.equal(estimate?.secondsAtLeast, (await estimateOf('2x'))?.seconds)
    assert.equal(estimate?.seconds, (await estimateOf('30x'))?.seconds)
  })
})
