import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { compareRuns, verdictCounts } from '../../src/analysis/compare/compare.ts'
import { interactivityAt, throughputAt } from '../../src/analysis/compare/frontier-gain.ts'
import { beyondButNotShown } from '../../src/analysis/compare/gate.ts'
import { matchPoints } from '../../src/analysis/compare/match.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { frontierOf } from '../../src/analysis/frontier.ts'
import { measuredPoints } from '../../src/analysis/measured-point.ts'
import { defaultLimits, FulcrumError } from '../../src/model/index.ts'
import { validitySchema } from '../../src/spec/schema/judgement.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated, failed, invalid, syntheticRun } from '../render/synthetic-run.ts'

const topologies = [aggregated(2), disaggregated(1, 1), disaggregated(2, 1)]
const options = { topologies, concurrencies: [1, 4, 16, 64], repeats: 4 }

test('a run against itself shows no difference anywhere', () => {
  const run = noisyRun(options, { seed: 1 })
  const counts = verdictCounts(compareRuns(run, run))
  assert.equal(counts.faster + counts.slower + counts['not comparable'], 0)
  assert.equal(counts['no difference shown'], 24 * 7)
})

test('runs that differ by noise alone are almost never told apart', () => {
  let wrong = 0
  for (let seed = 1; seed <= 40; seed++) {
    const counts = verdictCounts(compareRuns(noisyRun(options, { seed }), noisyRun(options, { seed: seed + 1000 })))
    if (counts.faster + counts.slower > 0) wrong++
  }
  // Under no true difference the false-discovery rate is the chance of any call at all: 5 %, so 2 of 40 are expected.
  assert.ok(wrong <= 6, `${wrong} of 40 comparisons called a difference`)
})

test('a slowdown of 10 % in ITL is found at its points, and nowhere else', () => {
  const slow = noisyRun(options, {
    seed: 2,
    noise: 0.01,
    slower: r => (r.point.deployment.topology.kind === 'aggregated' ? 1.1 : 1),
  })
  const comparison = compareRuns(noisyRun(options, { seed: 3, noise: 0.01 }), slow)
  for (const point of comparison.points) {
    const itl = point.changes.find(change => change.figure.name === 'itl_p50_ms')
    const expected = point.base.deployment.topology.kind === 'aggregated' ? 'slower' : 'no difference shown'
    assert.equal(itl?.verdict, expected, `${point.base.label} ${itl?.relative} p ${itl?.adjustedP}`)
    if (expected === 'slower') assert.ok((itl?.ci95?.[0] ?? 1) < 0.1 && 0.1 < (itl?.ci95?.[1] ?? 0))
  }
})

test('better is lower for latency and higher for throughput', () => {
  const fast = noisyRun(options, { seed: 4, noise: 0.005, slower: () => 0.7 })
  const counts = verdictCounts(compareRuns(noisyRun(options, { seed: 5, noise: 0.005 }), fast))
  assert.ok(counts.faster > 100)
  assert.equal(counts.slower, 0)
})

test('points measured once, with no repeat anywhere, show no difference and say why', () => {
  const once = { ...options, repeats: 1 }
  const { points } = compareRuns(noisyRun(once, { seed: 1 }), noisyRun(once, { seed: 2, slower: () => 2 }))
  for (const change of points.flatMap(point => point.changes)) {
    assert.equal(change.verdict, 'no difference shown')
    assert.match(change.why, /noise is unknown/)
    assert.notEqual(change.relative, null)
  }
})

test('a point that is invalid or failed on a side is not comparable, with the reason', () => {
  const base = syntheticRun({ ...options, change: r => (r.point.load.seed === 999 ? r : invalid(r, 'client late')) })
  const head = syntheticRun({ ...options, change: r => failed(r, 'worker exited') })
  const good = syntheticRun(options)
  for (const [one, other, why] of [
    [base, good, 'base is invalid: client late'],
    [good, head, 'head is failed: worker exited'],
  ] as const)
    for (const change of compareRuns(one, other).points.flatMap(point => point.changes)) {
      assert.equal(change.verdict, 'not comparable')
      assert.equal(change.why, why)
      assert.equal(change.relative, null)
    }
})

test('runs of different shape are compared where they meet, and the rest is named', () => {
  const base = syntheticRun({ ...options, concurrencies: [1, 4, 16] })
  const head = syntheticRun({
    ...options,
    concurrencies: [4, 16, 64],
    topologies: [...topologies, disaggregated(2, 2)],
  })
  const comparison = compareRuns(base, head)
  assert.equal(comparison.points.length, 2 * 3 * 2)
  assert.equal(comparison.onlyBase.length, 2 * 3 * 1)
  assert.equal(comparison.onlyHead.length, 2 * (3 + 3))
  for (const { base: b, head: h } of comparison.points) assert.deepEqual(b.load.level, h.load.level)
})

test('a deployment of other engine settings is paired where that is unambiguous, with a note', () => {
  const points = (batchSizes: number[]) => measuredPoints(syntheticRun({ ...options, batchSizes }))
  const one = matchPoints(points([8]), points([16]))
  assert.ok(one.pairs.length === 24 && one.pairs.every(pair => pair.note === 'engine settings differ'))
  const two = matchPoints(points([8]), points([16, 32]))
  assert.equal(two.pairs.length, 0)
  const same = matchPoints(points([8, 16]), points([16, 8]))
  assert.ok(same.pairs.length === 48 && same.pairs.every(pair => pair.note === ''))
})

test('matching is symmetric and uses no point twice', () => {
  const shapes = fc.subarray([1, 2, 4, 8, 16], { minLength: 1 })
  fc.assert(
    fc.property(shapes, shapes, fc.subarray([4, 8], { minLength: 1 }), (b, h, batchSizes) => {
      const points = (concurrencies: number[]) =>
        measuredPoints(syntheticRun({ topologies, concurrencies, batchSizes }))
      const there = matchPoints(points(b), points(h))
      const back = matchPoints(points(h), points(b))
      assert.equal(there.pairs.length, back.pairs.length)
      assert.equal(new Set(there.pairs.map(pair => pair.base)).size, there.pairs.length)
      assert.equal(there.pairs.length + there.onlyBase.length, points(b).length)
      assert.equal(there.pairs.length + there.onlyHead.length, points(h).length)
    }),
    { numRuns: 25 },
  )
})

test('a threshold breaks only on a change that is large enough and shown', () => {
  const threshold = parseThreshold('itl_p95>5%')
  const compared = (slower: number, repeats: number) =>
    compareRuns(
      noisyRun({ ...options, repeats }, { seed: 6, noise: 0.01 }),
      noisyRun({ ...options, repeats }, { seed: 7, noise: 0.01, slower: () => slower }),
      [threshold],
    )
  const failed = (slower: number, repeats: number) =>
    compared(slower, repeats).gates[0]?.cases.filter(({ outcome }) => outcome === 'failed').length
  assert.equal(failed(1.15, 4), 24)
  assert.equal(failed(1.03, 4), 0)
  assert.equal(failed(1.15, 1), 0)
  assert.equal(beyondButNotShown(threshold, compared(1.15, 1).points), 24)
})

test('a threshold is parsed with or without the unit, and a mistake is answered with what would be right', () => {
  assert.equal(parseThreshold('ttft_p95 > 5%').figure.name, 'ttft_p95_ms')
  assert.equal(parseThreshold('output_tokens_per_s_per_gpu<-3%').change, -0.03)
  for (const wrong of ['ttft>5%', 'ttft_p95', 'ttft_p95>5', 'ttft_p95=>5%'])
    assert.throws(
      () => parseThreshold(wrong),
      (error: unknown) =>
        error instanceof FulcrumError && error.kind === 'bad-input' && /ttft_p95/.test(error.remedy ?? ''),
    )
})

test('frontier gains compare matched points only: a run that measured more does not win by that', () => {
  const base = syntheticRun({ topologies, concurrencies: [1, 4] })
  const head = syntheticRun({ topologies: [...topologies, aggregated(4)], concurrencies: [1, 2, 4, 8, 64] })
  for (const gain of compareRuns(base, head).frontiers) assert.equal(gain.hypervolume.relative, 0)
})

test('a frontier read at an interactivity goes through its places and never rises', () => {
  const axis = fc.integer({ min: 1, max: 20 })
  const places = fc.array(fc.record({ x: axis, y: axis }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(places, all => {
      const frontier = frontierOf(all)
      for (const place of frontier) {
        assert.equal(throughputAt(frontier, place.x), place.y)
        assert.equal(interactivityAt(frontier, place.y), place.x)
      }
      const read = Array.from({ length: 41 }, (_, i) => throughputAt(frontier, i / 2))
      read.reduce((before, now) => {
        assert.ok(now === null || (before !== null && now <= before))
        return now
      })
      assert.equal(throughputAt(frontier, 21), null)
    }),
  )
})

test('a percent less at every place reads as about a percent, not as the height of a step', () => {
  const base = [
    { x: 50, y: 400 },
    { x: 100, y: 200 },
    { x: 150, y: 50 },
  ]
  const head = base.map(({ x, y }) => ({ x: x * 0.99, y: y * 0.99 }))
  const ratio = (throughputAt(head, 100) ?? 0) / 200
  assert.ok(ratio > 0.96 && ratio < 0.99, String(ratio))
})

test('each limit of validity that differs is named by its key in the sweep file', () => {
  const base = syntheticRun(options)
  const keys = Object.keys(defaultLimits).map(name => {
    const head = {
      ...base,
      results: base.results.map(result => ({
        ...result,
        point: { ...result.point, limits: { ...result.point.limits, [name]: 0.123 } },
      })),
    }
    const [found, ...others] = compareRuns(base, head).differences
    assert.deepEqual(others, [], name)
    assert.deepEqual({ kind: found?.kind, head: found?.head }, { kind: 'conditions', head: '0.123' }, name)
    return found?.what
  })
  const { properties } = z.toJSONSchema(validitySchema, { io: 'input' })
  assert.deepEqual(
    keys.toSorted(),
    Object.keys(properties ?? {})
      .map(key => `validity.${key}`)
      .toSorted(),
  )
})

test('environment comes first: what makes a comparison doubtful is told apart from what it is about', () => {
  const base = syntheticRun(options)
  const head = {
    ...base,
    manifest: {
      ...base.manifest,
      git: { revision: '1'.repeat(40), dirty: true },
      host: { ...base.manifest.host, cpu: 'another' },
      versions: { ...base.manifest.versions, dynamo: '1.4.2' },
    },
  }
  assert.deepEqual(
    compareRuns(base, head).differences.map(({ what, kind }) => `${kind}: ${what}`),
    ['conditions: CPU', 'subject: git revision', 'subject: dynamo version'],
  )
  assert.deepEqual(compareRuns(base, base).differences, [])
})
