import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { historyGate, parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import type { History } from '../../src/analysis/history/history.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import { FulcrumError } from '../../src/point/index.ts'
import { historyAnnotations, historyGateText } from '../../src/report/history/gate.ts'
import { historyJson } from '../../src/report/history/table.ts'
import { noisyRun } from '../report/noisy-run.ts'
import { disaggregated } from '../report/synthetic-run.ts'

const options = {
  sweep: 'nightly',
  workloads: [[1000, 1000] as const],
  topologies: [disaggregated(1, 1)],
  concurrencies: [4],
  repeats: 3,
}
/** Twelve nights, a quarter slower from the eighth on. */
const runs = Array.from({ length: 12 }, (_, day) => {
  const run = noisyRun(options, { seed: day + 1, slower: () => (day >= 7 ? 1.25 : 1) })
  const createdAt = new Date(Date.UTC(2026, 0, day + 1, 3)).toISOString()
  return { ...run, manifest: { ...run.manifest, runId: `night-${day + 1}`, createdAt } }
})

describe('a gate on history', () => {
  let history: History
  before(() => {
    history = historyOf('nightly', runs, null)
  })
  const broken = (text: string, of = history) => historyGate(of, [parseHistoryThreshold(text)])[0]?.broken ?? []

  test('is broken by a lasting change that is beyond the threshold, and says since when', () => {
    const [one] = broken('itl_p95>5%')
    assert.ok(one)
    assert.equal(one.since, 7)
    assert.ok(Math.abs(one.relative - 0.25) < 0.05)
  })

  test('holds where the change is smaller than the threshold, or the other way', () => {
    assert.deepEqual(broken('itl_p95>40%'), [])
    assert.deepEqual(broken('itl_p95<-5%'), [])
  })

  test('holds where nothing lasted, whatever single nights did', () => {
    const quiet = historyOf('nightly', runs.slice(0, 7), null)
    assert.deepEqual(broken('itl_p95>0.1%', quiet), [])
  })

  test('is held against the level that the baseline is of: a baseline after the change accepts it', () => {
    assert.equal(broken('itl_p95>5%', historyOf('nightly', runs, 'night-3')).length, 1)
    assert.deepEqual(broken('itl_p95>5%', historyOf('nightly', runs, 'night-9')), [])
  })

  test('knows the area under the frontier', () => {
    assert.equal(broken('hypervolume<-3%').length, 1)
  })

  test('refuses a figure that history does not follow, and names those that it does', () => {
    assert.throws(
      () => parseHistoryThreshold('ttft_p99>5%'),
      (error: unknown) => error instanceof FulcrumError && /hypervolume, ttft_p95, itl_p95/.test(error.remedy ?? ''),
    )
  })

  test('is told in words, as JSON and as an annotation', () => {
    const gates = historyGate(history, ['itl_p95>5%', 'ttft_p95>90%'].map(parseHistoryThreshold))
    assert.deepEqual(
      gates.map(gate => historyGateText(history, gate).slice(0, 80)),
      ['itl_p95>5%: broken at 1 of its series: 1P1D, 1000/1000, concurrency 4 +24 % sinc', 'ttft_p95>90%: holds'],
    )
    assert.match(historyAnnotations(history, gates).join('\n'), /^::error title=itl_p95>5%25::.*since 2026-01-08 03:00/)
    const { gateBroken, thresholds } = JSON.parse(historyJson(history, gates))
    assert.equal(gateBroken, true)
    assert.equal(thresholds[0].broken[0].since, 'night-8')
    assert.deepEqual(thresholds[1].broken, [])
  })
})
