import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplesNeeded, tailBound } from '../../src/metrics/early-stopping.ts'
import { createRandom } from '../../src/model/numbers/random.ts'

test('it wants as many samples as MLPerf LoadGen does', () => {
  // The floors of SingleStream: 64 for p90, 662 for p99.
  assert.deepEqual([samplesNeeded(90), samplesNeeded(99)], [64, 662])
})

test('with fewer samples it claims nothing', () => {
  assert.equal(tailBound(new Float64Array(661).fill(1), 99).atMost, null)
  assert.equal(tailBound(new Float64Array(662).fill(1), 99).atMost, 1)
})

test('with just enough samples a percentile is claimed to be at most the largest', () => {
  const sorted = Float64Array.from({ length: 662 }, (_, at) => at)
  assert.equal(tailBound(sorted, 99).atMost, 661)
})

test('the true percentile lies above the bound in about 1 of 100 runs', () => {
  const truth = -Math.log(0.05)
  let above = 0
  for (let run = 0; run < 2000; run++) {
    const random = createRandom(run)
    const sorted = Float64Array.from({ length: 400 }, random.exponential).sort()
    if (truth > (tailBound(sorted, 95).atMost ?? 0)) above += 1
  }
  assert.ok(above > 0 && above <= 32, `${above} of 2000 are above; 1% is 20`)
})
