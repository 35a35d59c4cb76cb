import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { parseGate } from '../../src/analysis/gates/gate.ts'
import { type HistoryEvidence, historyGate, parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import type { History } from '../../src/analysis/history/history.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { historyJson } from '../../src/render/export/history-json.ts'
import { historyAnnotations, historyGateText } from '../../src/render/views/history-gate.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { disaggregated, failed } from '../render/synthetic-run.ts'

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

  test('passes where the change is smaller than the threshold, or the other way', () => {
    assert.deepEqual(broken('itl_p95>40%'), [])
    assert.deepEqual(broken('itl_p95<-5%'), [])
  })

  test('passes where nothing lasted, whatever single nights did', () => {
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

  describe('that could not be tested has not passed', () => {
    const two = { ...options, concurrencies: [4, 16] }
    const nights = Array.from({ length: 12 }, (_, day) => {
      const run = noisyRun(two, { seed: day + 1 })
      const createdAt = new Date(Date.UTC(2026, 0, day + 1, 3)).toISOString()
      return { ...run, manifest: { ...run.manifest, runId: `night-${day + 1}`, createdAt } }
    })
    const youngest = (change: (result: PointResult, index: number) => PointResult | null): readonly Run[] =>
      nights.map((run, night) =>
        night < 11 ? run : { ...run, results: run.results.flatMap((result, i) => change(result, i) ?? []) },
      )
    const told = (
      text: string,
      of: readonly Run[],
      more: Partial<HistoryEvidence> = {},
      baseline: string | null = null,
    ) => {
      const followed = historyOf('nightly', of, baseline)
      const [gate] = historyGate(followed, [parseGate(text, parseHistoryThreshold)], { runs: of, dead: [], ...more })
      assert.ok(gate)
      return historyGateText(followed, gate)
    }

    test('the newest nights measured nothing valid, also for a limit and the SLO', () => {
      const dead = ['night-13', 'night-14'].map(runId => ({
        runId,
        why: 'of 6 measurements 6 failed and 0 are invalid',
      }))
      for (const text of ['itl_p95>5%', 'hypervolume<-3%', 'itl_p95>10s', 'slo'])
        assert.match(
          told(text, nights, { dead }),
          /: not tested: the 2 newest runs measured nothing valid \(night-14: /,
        )
      assert.match(
        told('itl_p95>5%', [], { dead: dead.slice(0, 1) }),
        /not tested: the newest run measured nothing valid/,
      )
    })

    test('the newest night lost some of its points, and --allow-lost accepts so many', () => {
      const lossy = youngest((result, i) => (i < 3 ? failed(result, 'x') : result))
      assert.equal(
        told('itl_p95>5%', lossy),
        'itl_p95>5%: not tested: the newest run failed at 1 of 2 points that earlier runs measured',
      )
      assert.match(told('itl_p95>5%', lossy, {}, 'night-3'), /of 2 points that the baseline measured$/)
      assert.match(told('itl_p95>5%', lossy, { allowance: { lost: 1 } }), /^itl_p95>5%: passed .*--allow-lost accepts$/)
      assert.match(told('itl_p95>10s', lossy), /not tested: 1000\/1000: 1 of 2 points failed/)
      assert.match(told('slo', lossy), /not tested: 1000\/1000: met at 1 of 2 points, but 1 of 2 points failed/)
    })

    test('the newest night has no result where the one before it has', () => {
      const gone = youngest((result, i) => (i < 3 ? null : result))
      assert.match(told('itl_p95>5%', gone), /the newest run has no result at 1 of 2 points that earlier runs measured/)
    })

    test('a point that failed the night before as well is still lost', () => {
      const again = nights.map((run, night) =>
        night < 10 ? run : { ...run, results: run.results.map((result, i) => (i < 3 ? failed(result, 'x') : result)) },
      )
      assert.match(told('itl_p95>5%', again), /the newest run failed at 1 of 2 points/)
    })

    test('a baseline is set and is not among the runs: another one is not taken for it', () => {
      const gone = { baselineGone: 'the baseline (x) is older than the 60 runs that are followed' }
      assert.equal(told('itl_p95>5%', runs, gone), `itl_p95>5%: not tested: ${gone.baselineGone}`)
      assert.equal(told('itl_p95>10s', runs, gone), 'itl_p95>10s: passed 1000/1000: within the limit at 1 of 1 point')
    })

    test('the figure is no longer measured', () => {
      const whole = youngest(r => ({ ...r, measurement: r.measurement && { ...r.measurement, itlMs: null } }))
      assert.match(told('itl_p95>5%', whole), /not tested: the newest run has no ITL p95 at 2 of the points/)
    })

    test('there are too few nights for any change to be shown', () => {
      assert.match(
        told('itl_p95>5%', nights.slice(0, 3)),
        /not tested: 3 runs are too few: a change can be shown from 8 on/,
      )
      assert.equal(told('itl_p95>5%', nights), 'itl_p95>5%: passed')
    })

    test('a night of single points, made with --only, stands for nothing', () => {
      const last = nights.at(-1)
      assert.ok(last)
      const part = { ...last, manifest: { ...last.manifest, only: ['x'] }, results: last.results.slice(0, 1) }
      assert.equal(told('itl_p95>5%', [...nights, part]), 'itl_p95>5%: passed')
    })
  })

  test('is told in words, as JSON and as an annotation', () => {
    const gates = historyGate(
      history,
      ['itl_p95>5%', 'ttft_p95>90%'].map(text => parseHistoryThreshold(text)),
    )
    assert.deepEqual(
      gates.map(gate => historyGateText(history, gate).slice(0, 79)),
      ['itl_p95>5%: failed at 1 of its series: 1P1D, 1000/1000, concurrency 4 +24% sinc', 'ttft_p95>90%: passed'],
    )
    assert.match(historyAnnotations(history, gates).join('\n'), /^::error title=itl_p95>5%25::.*since 2026-01-08 03:00/)
    const { gateBroken, thresholds } = JSON.parse(historyJson(history, gates))
    assert.equal(gateBroken, true)
    assert.equal(thresholds[0].broken[0].since, 'night-8')
    assert.deepEqual(thresholds[1].broken, [])
  })
})
