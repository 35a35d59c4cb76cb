// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fitPoints, modelledEngine } from '../../../src/analysis/twin/fit-point.ts'
import { blankProfile, fitParameters, fitTwin, planFits } from '../../../src/analysis/twin/index.ts'
import { neutralParameters } from '../../../src/analysis/twin/parameters.ts'
import { FulcrumError } from '../../../src/model/index.ts'
import { aggregated, disaggregated, pointsOfTruth, profile, workload } from './virtual-points.ts'

/** A deployment unlike its profile in every way that a fit looks for. */
const truth = {
  ...neutralParameters,
  prefillScale: 1.2,
  decodeScale: 1.1,
  decodeFixedMs: 0.5,
  frontendFixedMs: 12,
  frontendPer1000TokensMs: 2,
  frontendJitterMs: 1,
  firstChunkMs: 30,
}
const workloads = [workload(4000, 6), workload(500, 14)]
const points = pointsOfTruth(truth, [aggregated(1), disaggregated(1, 1)], workloads, [1, 3, 8])
const options = { profile, run: null, fulcrumVersion: '0', fittedAt: '2026-01-01T00:00:00.000Z' }
const twin = fitTwin(points, options)

describe('a fit', () => {
  test('finds what the deployment is unlike its profile in', () => {
    const { parameters } = twin
    assert.ok(Math.abs(parameters.prefillScale - truth.prefillScale) < 0.06, `${parameters.prefillScale}`)
    assert.ok(Math.abs(parameters.decodeScale - truth.decodeScale) < 0.12, `${parameters.decodeScale}`)
    const wayMs = parameters.frontendFixedMs + parameters.frontendJitterMs
    assert.ok(Math.abs(wayMs - 13) < 5, `${wayMs}`)
    assert.ok(Math.abs(parameters.firstChunkMs - 30) < 10, `${parameters.firstChunkMs}`)
  })

  test('predicts points and topologies that it did not see', () => {
    const { heldOutPoints, heldOutTopologies } = twin.errors
    for (const errors of [heldOutPoints, heldOutTopologies]) {
      assert.equal(errors.ttft_p50_ms?.count, points.length)
      assert.ok((errors.output_tokens_per_s?.median ?? 1) < 0.03)
    }
    assert.ok((heldOutPoints.itl_p50_ms?.median ?? 1) < 0.02)
    // Aggregated workers alone do not show how long disaggregated ones hold back the first chunk.
    assert.ok((heldOutTopologies.itl_p50_ms?.median ?? 1) < 0.09)
  })

  test('is the same for the same points', () => {
    const task = { ...planFits(points, { profile }).whole, iterations: 0 }
    assert.deepEqual(fitParameters(task), fitParameters(task))
  })

  test('needs no profile where the points say enough', () => {
    const blank = blankProfile(profile.model)
    const { errors } = fitParameters({ points: fitPoints(points, blank), heldOut: [], profile: blank })
    const sizes = errors.map(error => Math.abs(error.output_tokens_per_s ?? 1)).toSorted((a, b) => a - b)
    assert.ok((sizes[Math.floor(sizes.length / 2)] ?? 1) < 0.05, `${sizes}`)
  })

  test('is refused for too few points', () => {
    assert.throws(
      () => fitTwin(points.slice(0, 3), options),
      error => error instanceof FulcrumError && error.code === 'too-few-points',
    )
  })
})

describe('a plan of fits', () => {
  const plan = planFits(points, { profile })

  test('holds every point out once, and never one that the fit sees', () => {
    for (const tasks of [plan.points, plan.topologies]) {
      assert.deepEqual(
        tasks.flatMap(task => task.heldOut.map(point => point.key)).toSorted(),
        points.map(point => point.key).toSorted(),
      )
      for (const task of tasks) assert.ok(task.heldOut.every(point => !task.points.includes(point)))
    }
  })

  test('holds a topology out whole', () => {
    for (const task of plan.topologies) {
      const held = new Set(task.heldOut.map(point => point.topology))
      assert.equal(held.size, 1)
      assert.ok(task.points.every(point => !held.has(point.topology)))
    }
  })

  test('deals every topology into every part', () => {
    for (const task of plan.points) assert.ok(new Set(task.points.map(point => point.topology)).size === 2)
  })
})

describe('engine settings of a real deployment', () => {
  test('are kept where the simulation has them, and named where it lacks them', () => {
    const engine = {
      aggregated: {
        max_batch_size: 32,
        cuda_graph: true,
        kv_cache_config: { free_gpu_memory_fraction: 0.8, event_buffer: 9 },
      },
    }
    const modelled = modelledEngine({ topology: aggregated(1), engine }, profile)
    assert.deepEqual(modelled.engine, {
      aggregated: { max_batch_size: 32, kv_cache_config: { free_gpu_memory_fraction: 0.8 } },
    })
    assert.deepEqual(modelled.lacking, ['aggregated.cuda_graph', 'aggregated.kv_cache_config.event_buffer'])
  })
})
