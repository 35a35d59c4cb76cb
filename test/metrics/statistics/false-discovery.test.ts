import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { adjustForFalseDiscovery, adjustWithinBounds } from '../../../src/metrics/statistics/false-discovery.ts'
import { normalProbability } from '../../../src/metrics/statistics/normal.ts'
import { createRandom } from '../../../src/model/index.ts'

test('of what is called different among 100 figures, 20 of which are, at most 5% is not; without control four times as much', () => {
  const runs = 400
  const shares = { controlled: 0, plain: 0, found: 0 }
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`discoveries/${run}`)
    const isReal = Array.from({ length: 100 }, (_, i) => i < 20)
    const ps = isReal.map(real => 2 * normalProbability(-Math.abs(random.normal() + (real ? 3.5 : 0))))
    const falseShare = (called: readonly boolean[]) => {
      const all = called.filter(Boolean).length
      return all === 0 ? 0 : called.filter((c, i) => c && !isReal[i]).length / all
    }
    const adjusted = adjustForFalseDiscovery(ps).map(p => p <= 0.05)
    shares.controlled += falseShare(adjusted) / runs
    shares.plain += falseShare(ps.map(p => p <= 0.05)) / runs
    shares.found += adjusted.filter((c, i) => c && isReal[i]).length / 20 / runs
  }
  assert.ok(shares.controlled <= 0.05, `${shares.controlled}`)
  assert.ok(shares.plain >= 0.15, `${shares.plain}`)
  assert.ok(shares.found >= 0.7, `${shares.found}`)
})

const probability = fc.double({ min: 0, max: 1, noNaN: true })

test('tests that are possible at any p are adjusted as Benjamini and Hochberg do', () => {
  fc.assert(
    fc.property(fc.array(probability, { minLength: 1, maxLength: 30 }), ps => {
      const plain = adjustForFalseDiscovery(ps)
      for (const [i, p] of adjustWithinBounds(ps.map(each => ({ p: each, possible: 1 }))).entries())
        assert.ok(Math.abs(p - (plain[i] ?? Number.NaN)) < 1e-12)
    }),
  )
})

test('tests that could hardly be called take nothing from the others, and none loses by them', () => {
  fc.assert(
    fc.property(fc.array(probability, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 20 }), (ps, more) => {
      const alone = adjustForFalseDiscovery(ps)
      const idle = Array.from({ length: more }, () => ({ p: null, possible: 0 }))
      const beside = adjustWithinBounds([...ps.map(p => ({ p, possible: 1 })), ...idle])
      for (const i of ps.keys()) assert.ok(Math.abs((beside[i] ?? 1) - (alone[i] ?? 0)) < 1e-12)
      for (const p of beside.slice(ps.length)) assert.equal(p, 1)
    }),
  )
})
