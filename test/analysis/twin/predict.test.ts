import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { assembleTwin } from '../../../src/analysis/twin/fit-twin.ts'
import {
  createPredictor,
  fitParameters,
  parseTwin,
  planFits,
  predictPoint,
  readTwin,
  replayTrace,
  twinText,
} from '../../../src/analysis/twin/index.ts'
import { neutralParameters } from '../../../src/analysis/twin/parameters.ts'
import { FulcrumError } from '../../../src/model/index.ts'
import { aggregated, closedLoad, disaggregated, pointsOfTruth, profile, workload } from './virtual-points.ts'

const points = pointsOfTruth(
  { ...neutralParameters, frontendFixedMs: 5 },
  [aggregated(1), disaggregated(1, 1)],
  [workload(2000, 16), workload(500, 32)],
  [1, 4],
)
const plan = planFits(points, { profile })
const quick = (task: typeof plan.whole) => fitParameters({ ...task, iterations: 0 })
const twin = assembleTwin(
  points,
  { profile, run: null, fulcrumVersion: '0', fittedAt: '2026-01-01T00:00:00.000Z' },
  { whole: quick(plan.whole), topologies: plan.topologies.map(quick), points: plan.points.map(quick) },
)
const asked = { topology: disaggregated(1, 1), workload: workload(1000, 20), load: closedLoad(2) }

describe('a prediction', () => {
  test('has every figure of a measurement, each in a band that cross-validation earned', () => {
    const { figures } = predictPoint(twin, asked)
    for (const name of ['ttft_p50_ms', 'itl_p95_ms', 'output_tokens_per_s_per_gpu', 'request_latency_p99_ms']) {
      const figure = figures[name]
      assert.ok(figure !== undefined && figure.low <= figure.value && figure.value <= figure.high, name)
    }
    const error = twin.errors.heldOutPoints.ttft_p50_ms
    const ttft = figures.ttft_p50_ms
    assert.ok(Math.abs((ttft?.value ?? 0) / (ttft?.low ?? 1) - (1 + (error?.p90 ?? 0))) < 1e-9)
  })

  test('rests on whole topologies held out where its own was not measured', () => {
    assert.equal(predictPoint(twin, asked).basis, 'held-out-points')
    assert.equal(predictPoint(twin, { ...asked, topology: aggregated(2) }).basis, 'held-out-topologies')
  })

  test('within what was measured is no extrapolation', () => {
    assert.deepEqual(predictPoint(twin, asked).extrapolated, [])
  })

  const reasonOf = (change: Partial<typeof asked> & { engine?: object }) =>
    predictPoint(twin, { ...asked, ...change } as typeof asked).extrapolated.join('; ')
  test('beyond a measured length says so', () => {
    assert.match(reasonOf({ workload: workload(9000, 20) }), /ISL 9000 is above what was measured \(at most 2000\)/)
    assert.match(reasonOf({ workload: workload(1000, 5) }), /OSL 5 is below what was measured/)
  })
  test('beyond a measured load says so', () => {
    assert.match(reasonOf({ load: closedLoad(200) }), /requests in flight for each worker that decodes/)
  })
  test('beyond a measured topology says so', () => {
    assert.match(reasonOf({ topology: disaggregated(3, 1) }), /prefill workers: 3 is above/)
  })
  test('with settings that were not measured says so', () => {
    assert.match(reasonOf({ engine: { decode: { max_batch_size: 1 } } }), /engine settings of decode/)
  })

  test('is made once for each configuration', () => {
    const predict = createPredictor(twin)
    assert.equal(predict(asked), predict({ ...asked }))
    assert.notEqual(predict(asked), predict({ ...asked, load: closedLoad(3) }))
  })

  test('has no bound where no error was ever measured', () => {
    const bare = { ...twin, errors: { ...twin.errors, heldOutPoints: {} } }
    const figure = predictPoint(bare, asked).figures.ttft_p50_ms
    assert.deepEqual([figure?.low, figure?.high], [0, Number.POSITIVE_INFINITY])
  })

  test('of a mix counts each workload by its weight', () => {
    const mix = [
      { workload: workload(2000, 16), weight: 1 },
      { workload: workload(500, 32), weight: 1 },
    ]
    const { simulation } = predictPoint(twin, { ...asked, workload: mix, load: { ...closedLoad(4), requests: 2000 } })
    assert.ok(Math.abs((simulation.isl?.mean ?? 0) - 1250) < 60)
  })
})

test('a trace is replayed on any topology', () => {
  const trace = {
    count: 20,
    atMs: Float64Array.from({ length: 20 }, (_, index) => index * 50),
    inputTokens: new Uint32Array(20).fill(1000),
    outputTokens: new Uint32Array(20).fill(10),
    hashIds: null,
  }
  const [one, two] = [1, 2].map(workers => replayTrace(twin, aggregated(workers), trace))
  assert.deepEqual([one?.requests.completed, two?.requests.completed], [20, 20])
  assert.ok((two?.ttftMs?.p95 ?? 0) < (one?.ttftMs?.p95 ?? 0))
})

describe('a twin on disk', () => {
  test('predicts what it predicted before, but for the digits that are left out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-twin-'))
    try {
      const file = join(folder, 'twin.json')
      await writeFile(file, twinText(twin))
      const read = await readTwin(file)
      const [before, after] = [twin, read].map(one => predictPoint(one, asked).figures.ttft_p50_ms?.value ?? 0)
      assert.ok(Math.abs((after ?? 0) / (before ?? 1) - 1) < 0.005)
      assert.deepEqual([read.range.topologies, read.range.engine], [twin.range.topologies, twin.range.engine])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('that was fitted before Fulcrum followed Dynamo 1.6.1 predicts as it did then', () => {
    const { profile, ...rest } = twin
    const { dynamo, ...older } = profile
    assert.equal(dynamo, '1.6.1')
    const read = parseTwin(JSON.stringify({ ...rest, profile: { ...older, tables: [] } }), 'twin.json')
    assert.equal(read.profile.dynamo, '1.4.2')
  })

  const refused = (text: string) => {
    try {
      parseTwin(text, 'twin.json')
    } catch (error) {
      return error instanceof FulcrumError ? `${error.code}: ${error.message}` : String(error)
    }
    return 'taken'
  }
  test('is refused with the reason when it is damaged, of another version, or something else', () => {
    assert.match(refused('{"schema": 1'), /twin-invalid: .*no JSON/)
    assert.match(refused('{"schema": 2}'), /another version/)
    assert.match(refused('{"schema": 1}'), /missing/)
    assert.match(refused('[]'), /no schema/)
  })
  test('that is not there is told by its path', async () => {
    await assert.rejects(readTwin('/nowhere/twin.json'), { code: 'twin-unreadable', where: '/nowhere/twin.json' })
  })
})

describe('the lengths of a prediction', () => {
  const skewed = (mean: number) => ({ kind: 'lognormal', mean, stddev: 0.6 * mean }) as const
  const drawn = { ...workload(500, 100), isl: skewed(500), osl: skewed(100) }
  const deviationOf = (one: Parameters<typeof predictPoint>[1]) => predictPoint(twin, one).simulation.deviation

  test('are never held against the mean of their distribution, which ten requests rarely meet', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const load = { ...closedLoad(1), requests: 10, dataset: 12, seed }
      assert.deepEqual(deviationOf({ ...asked, workload: drawn, load }), { isl: null, osl: null })
    }
  })

  test('are those of the mix and of the trace that is sent', () => {
    const mix = [
      { workload: workload(1000, 20), weight: 1 },
      { workload: workload(100, 200), weight: 1 },
    ]
    assert.deepEqual(deviationOf({ ...asked, workload: mix, load: { ...closedLoad(1), requests: 3 } }), {
      isl: null,
      osl: null,
    })
  })

  test('are what was asked where they are fixed', () => {
    assert.deepEqual(deviationOf(asked), { isl: 0, osl: 0 })
  })
})
