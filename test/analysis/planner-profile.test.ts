import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plannerProfiles } from '../../src/analysis/planner-profile.ts'
import { aggregated, disaggregated, invalid, syntheticRun } from '../render/synthetic-run.ts'

const options = {
  topologies: [disaggregated(1, 1), disaggregated(1, 2), aggregated(1)],
  concurrencies: [1, 4, 16],
  workloads: [
    [1000, 200],
    [4000, 200],
    [8000, 400],
  ],
} as const

describe("the profile for Dynamo's planner", () => {
  test('has a prefill time for each prompt that was alone, and a decode time for each load', () => {
    const run = syntheticRun(options)
    const [{ variant, prefill, decode }, ...more] = plannerProfiles(run) as [ReturnType<typeof plannerProfiles>[0]]
    assert.deepEqual([variant, more], [null, []])
    // Two disaggregated topologies: three prompts alone in each, nine loads in each.
    assert.deepEqual(prefill.isl.length, 6)
    assert.equal(decode.itlMs.length, 18)
    const alone = run.results.filter(
      ({ point }) =>
        point.deployment.topology.kind === 'disaggregated' &&
        point.load.level.kind === 'concurrency' &&
        point.load.level.concurrency === 1,
    )
    assert.deepEqual([...prefill.ttftMs].sort(), alone.map(({ measurement }) => measurement?.ttftMs?.p50 ?? 0).sort())
    assert.deepEqual(
      prefill.isl,
      [...prefill.isl].sort((a, b) => a - b),
    )
  })

  test('counts the batch of one decode worker, at most its share of the concurrency', () => {
    const run = syntheticRun({ ...options, topologies: [disaggregated(1, 2)] })
    const [profile] = plannerProfiles(run)
    assert.ok(profile)
    const { kvUsage, contextLength, maxKvTokens } = profile.decode
    const batches = kvUsage.map((usage, at) => (usage * maxKvTokens) / (contextLength[at] ?? 1))
    assert.ok(
      batches.every(batch => batch > 0 && batch <= 8.5),
      batches.join(' '),
    )
    assert.ok(kvUsage.every(usage => usage > 0 && usage <= 1))
  })

  test('rests on valid measurements only', () => {
    const run = syntheticRun({ ...options, topologies: [disaggregated(1, 1)] })
    const few = syntheticRun({
      ...options,
      topologies: [disaggregated(1, 1)],
      change: (result, index) => (index === 0 ? invalid(result, 'busy') : result),
    })
    const count = (of: typeof run) => plannerProfiles(of)[0]?.decode.itlMs.length
    assert.equal(count(run), 9)
    assert.equal(count(few), 8)
  })

  test('is refused without disaggregated points, with one prompt length, and of several engines', () => {
    assert.throws(() => plannerProfiles(syntheticRun({ ...options, topologies: [aggregated(1)] })), {
      code: 'no-planner-profile',
    })
    assert.throws(() => plannerProfiles(syntheticRun({ ...options, workloads: [[1000, 200]] })), {
      code: 'no-planner-profile',
    })
    assert.throws(() => plannerProfiles(syntheticRun({ ...options, batchSizes: [1, 2] })), { code: 'several-engines' })
  })
})
