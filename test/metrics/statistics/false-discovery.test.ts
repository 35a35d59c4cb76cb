import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adjustForFalseDiscovery } from '../../../src/metrics/statistics/false-discovery.ts'
import { normalProbability } from '../../../src/metrics/statistics/normal.ts'
import { createRandom } from '../../../src/point/index.ts'

test('of what is called different among 100 figures, 20 of which are, at most 5 % is not; without control four times as much', () => {
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
