import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../../src/analysis/analyse.ts'
import { aiconfiguratorPriors } from '../../../src/analysis/priors/aiconfigurator.ts'
import { pastRunPriors } from '../../../src/analysis/priors/past-runs.ts'
import { priorOrder } from '../../../src/analysis/priors/prior-order.ts'
import { topologyLabel } from '../../../src/model/index.ts'
import { aggregated, disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

const written = (name: string) => readFile(join(import.meta.dirname, 'aiconfigurator', name), 'utf8')
const agg = aiconfiguratorPriors(await written('agg/pareto.csv'), 'agg/pareto.csv')
const disagg = aiconfiguratorPriors(await written('disagg/pareto.csv'), 'disagg/pareto.csv')

describe('what aiconfigurator wrote', () => {
  test('is read row by row: workers, GPUs, load and expectation', async () => {
    assert.deepEqual([agg.length, disagg.length], [43, 13])
    const [best] = aiconfiguratorPriors(await written('disagg/best_config_topn.csv'), 'top')
    assert.deepEqual(best, {
      source: 'aiconfigurator (top)',
      topology: disaggregated(3, 1),
      gpus: 16,
      gpusPerDecodeWorker: 4,
      prefillGpus: 12,
      isl: 8000,
      osl: 256,
      load: { kind: 'concurrency', value: 128 },
      tokensPerSPerGpu: 284.818,
      tokensPerSPerUser: 41.516,
      ttftMs: 1092.067,
      itlMs: 24.087,
    })
  })
  test('has GPUs that add up', () => {
    for (const prior of disagg) {
      assert.ok(prior.topology.kind === 'disaggregated')
      assert.equal(prior.prefillGpus + prior.topology.decode * prior.gpusPerDecodeWorker, prior.gpus)
    }
  })
  test('is refused with its place when it is something else', () => {
    assert.throws(() => aiconfiguratorPriors('a,b\n1,2\n', 'x.csv'), /x\.csv:1:1: missing column "isl"/)
    const head = 'isl,osl,concurrency,ttft,tpot,tokens/s/gpu,tokens/s/user,num_total_gpus,tp,pp,dp'
    assert.throws(
      () => aiconfiguratorPriors(`${head}\n8000,256,4,1,2,x,5,4,1,1,4\n`, 'x.csv'),
      /x\.csv:2:16: tokens\/s\/gpu is "x", no number from 0/,
    )
  })
  test('never crashes the reader, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          aiconfiguratorPriors(text, 'x.csv')
        } catch (error) {
          assert.match(String(error), /x\.csv:\d+:\d+/)
        }
      }),
    )
  })
})

const sweep = syntheticRun({
  topologies: [aggregated(1), disaggregated(1, 1), disaggregated(1, 3), disaggregated(3, 1)],
  concurrencies: [1, 8, 64, 128],
  workloads: [[8000, 256]],
  slo: { ttftP95Ms: 2000, itlP95Ms: 25 },
})
const points = sweep.results.map(result => result.point)
const shown = ({ point }: ReturnType<typeof priorOrder>[number]) => topologyLabel(point.deployment.topology)

describe('the order by priors', () => {
  test('begins with what aiconfigurator would deploy', () => {
    const [first] = priorOrder(points, [...agg, ...disagg])
    assert.ok(first !== undefined)
    assert.equal(shown(first), '3P1D')
    assert.equal(first.promise, 1)
    assert.match(first.prior?.source ?? '', /aiconfigurator/)
  })
  test('keeps every point, once', () => {
    const subset = fc.subarray([...agg, ...disagg])
    fc.assert(
      fc.property(subset, priors => {
        const ids = priorOrder(points, priors).map(({ point }) => point.id)
        assert.deepEqual(ids.toSorted(), points.map(point => point.id).toSorted())
      }),
      { numRuns: 20 },
    )
  })
  test('is the plan’s own without priors', () => {
    assert.deepEqual(
      priorOrder(points, []).map(({ point }) => point.id),
      points.map(point => point.id),
    )
  })
  test('puts what nothing is believed of behind, in the plan’s order', () => {
    const tail = priorOrder(points, disagg).filter(({ promise }) => promise === 0)
    assert.deepEqual(tail.map(shown), ['agg x1', 'agg x1', 'agg x1', 'agg x1'])
  })
  test('follows a past run of the same points to its own best', () => {
    const past = analyse(sweep)
    const priors = pastRunPriors(past.points, 'run synthetic')
    assert.equal(priors.length, points.length)
    const [first] = priorOrder(points, priors)
    const best = past.workloads[0]?.recommendation.best
    assert.equal(first?.point.deployment.id, best?.deployment.id)
    assert.deepEqual(first?.point.load.level, best?.load.level)
  })
})
