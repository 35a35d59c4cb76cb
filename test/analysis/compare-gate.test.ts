import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { parseGate } from '../../src/analysis/gates/gate.ts'
import { gateText, isStopped } from '../../src/analysis/gates/outcome.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import { comparisonJson } from '../../src/render/export/comparison-json.ts'
import { comparisonJunit } from '../../src/render/export/comparison-junit.ts'
import { verdictSentence } from '../../src/render/views/comparison-words.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated, failed, invalid } from '../render/synthetic-run.ts'

const options = { topologies: [aggregated(2), disaggregated(1, 1), disaggregated(2, 1)], concurrencies: [1, 4, 16, 64] }
const three = { ...options, repeats: 3 }
const base = noisyRun(three, { seed: 1, noise: 0.01 })
const head = noisyRun(three, { seed: 2, noise: 0.01 })
const once = noisyRun(options, { seed: 1 })

const changed = (run: Run, change: (result: PointResult, index: number) => PointResult | null): Run => ({
  ...run,
  results: run.results.flatMap((result, index) => change(result, index) ?? []),
})
const gateOf = (text: string) => parseGate(text, parseThreshold)
const gated = (before: Run, after: Run, text = 'ttft_p95>5%', lost = 0) => {
  const [outcome] = compareRuns(before, after, [gateOf(text)], [], { lost }).gates
  assert.ok(outcome)
  return outcome
}
const said = (before: Run, after: Run, text?: string, lost?: number) => gateText(gated(before, after, text, lost))

describe('a gate on a change that could not be tested has not passed', () => {
  test('every point of the head failed', () => {
    const dead = changed(head, result => failed(result, 'HTTP 503'))
    assert.equal(said(base, dead), 'ttft_p95>5%: not tested: HEAD failed at 24 of 24 points that BASE measured')
    assert.equal(
      verdictSentence(compareRuns(base, dead)),
      'Nothing could be compared: HEAD failed at 24 of 24 points that BASE measured.',
    )
  })

  test('every point of the head is invalid', () => {
    const late = changed(head, result => invalid(result))
    assert.equal(said(base, late), 'ttft_p95>5%: not tested: HEAD is invalid at 24 of 24 points that BASE measured')
  })

  test('not one request of the head was answered, which its judge calls invalid', () => {
    const dead = changed(head, result => ({
      ...invalid(result, '40 of 40 requests failed: HTTP 503'),
      measurement: result.measurement && {
        ...result.measurement,
        requests: { sent: 40, completed: 0, failed: 40 },
      },
    }))
    assert.equal(said(base, dead), 'ttft_p95>5%: not tested: HEAD failed at 24 of 24 points that BASE measured')
    assert.match(said(base, dead, 'slo'), /8000\/256: 12 of 12 points failed/)
  })

  test('some points of the head failed, are invalid or are gone, while the others are fine', () => {
    const lossy = changed(head, (result, i) =>
      i < 3 ? failed(result, 'x') : i < 9 ? invalid(result) : i < 12 ? null : result,
    )
    assert.equal(
      said(base, lossy),
      'ttft_p95>5%: not tested: HEAD failed at 1, is invalid at 2 and has no result at 1 of 24 points that BASE measured',
    )
    assert.match(
      verdictSentence(compareRuns(base, lossy)),
      /^No difference shown at any of 23 points .*HEAD failed at 1/,
    )
  })

  test('the head has no point, or none of the base', () => {
    assert.equal(
      said(
        base,
        changed(head, () => null),
      ),
      'ttft_p95>5%: not tested: HEAD has no result at 24 of 24 points that BASE measured',
    )
    const elsewhere = noisyRun({ ...three, concurrencies: [2] }, { seed: 3 })
    assert.match(said(base, elsewhere), /not tested: HEAD has no result at 24 of 24 points/)
  })

  test('the base measured nothing', () => {
    const nothing = changed(base, result => failed(result, 'x'))
    assert.match(said(nothing, head), /^ttft_p95>5%: not tested: nothing is comparable: BASE measured none/)
    assert.equal(
      said(
        changed(base, () => null),
        changed(head, () => null),
      ),
      'ttft_p95>5%: not tested: neither run has a point',
    )
  })

  test('nothing was repeated, however much slower the head is', () => {
    const slow = noisyRun(options, { seed: 2, slower: () => 10 })
    assert.match(
      said(once, slow),
      /^ttft_p95>5%: not tested: there is no estimate of noise at 24 of 24 points: without repeats/,
    )
    assert.match(said(once, slow), /24 more beyond it are not shown to be more than noise/)
  })

  test('the head has no such figure where the base has it', () => {
    const whole = changed(head, r => ({ ...r, measurement: r.measurement && { ...r.measurement, itlMs: null } }))
    assert.equal(
      said(base, whole, 'itl_p95>5%'),
      'itl_p95>5%: not tested: HEAD has no ITL p95 at 24 of 24 points that BASE measured',
    )
    assert.equal(gated(base, whole, 'ttft_p95>5%').outcome, 'passed')
  })
})

test('a change that is shown fails the gate whatever else was not tested, and both are said', () => {
  const slow = noisyRun(three, { seed: 2, noise: 0.01, slower: () => 1.5 })
  const lossy = changed(slow, (result, i) => (i < 3 ? failed(result, 'x') : result))
  assert.equal(
    said(base, lossy),
    'ttft_p95>5%: failed at 23 of 24 points; not tested elsewhere: HEAD failed at 1 of 24 points that BASE measured',
  )
})

test('points that only the head has, or that the base lost, ask nothing of a gate', () => {
  const lossy = changed(base, (result, i) => (i < 3 ? failed(result, 'x') : i < 6 ? null : result))
  assert.equal(said(lossy, head), 'ttft_p95>5%: passed at 22 points; 1 more point has no such figure in BASE')
})

test('--allow-lost accepts so many lost points and no more, and never a gate without any point', () => {
  const lossy = changed(head, (result, i) => (i < 6 ? failed(result, 'x') : result))
  assert.equal(gated(base, lossy, 'ttft_p95>5%', 1).outcome, 'not tested')
  assert.equal(
    said(base, lossy, 'ttft_p95>5%', 2),
    'ttft_p95>5%: passed at 22 points; HEAD failed at 2 of 24 points that BASE measured, which --allow-lost accepts',
  )
  const dead = changed(head, result => failed(result, 'x'))
  assert.equal(gated(base, dead, 'ttft_p95>5%', 24).outcome, 'not tested')
})

test("points that the head's search left out on purpose are not lost, and are said; others that are gone are", () => {
  const gone = head.results.slice(0, 6).map(({ point }) => point)
  const line = (points: typeof gone) => ({
    seq: 1,
    at: '',
    event: {
      type: 'left-out' as const,
      deployment: points[0]?.deployment ?? assert.fail(),
      points: points.map(({ id, workload, load }) => ({
        pointIds: [id],
        workload,
        load,
        reason: 'dominated' as const,
        why: '',
        expected: null,
      })),
    },
  })
  const searched = { ...changed(head, (result, i) => (i < 6 ? null : result)), lines: [line(gone)] }
  assert.equal(
    said(base, searched),
    "ttft_p95>5%: passed at 22 points; HEAD's search left out 2 of 24 points that BASE measured",
  )
  assert.equal(gated(base, searched, 'itl_p95>10s').outcome, 'passed')
  assert.doesNotMatch(comparisonJunit(compareRuns(base, searched)), /<error/)
  const other = { ...searched, lines: [line(gone.slice(0, 3))] }
  assert.match(said(base, other), /not tested: HEAD has no result at 1 of 24 points/)
})

test('repeats that were lost at points with another valid one are said', () => {
  const fewer = changed(head, (result, i) => (i % 3 === 0 ? failed(result, 'x') : result))
  assert.match(said(base, fewer), /passed at 24 points; 24 repeats of HEAD's valid points failed or are invalid/)
})

test('no way to lose points passes a gate, whichever points they are and however they are lost', () => {
  const ways = [(r: PointResult) => failed(r, 'x'), (r: PointResult) => invalid(r), () => null]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(null, ...ways), { minLength: 24, maxLength: 24 }), losses => {
      const outcome = gated(
        base,
        changed(
          head,
          (result, i) => losses[Math.floor(i / 3)]?.(result) ?? (losses[Math.floor(i / 3)] == null ? result : null),
        ),
      )
      assert.equal(outcome.outcome, losses.every(way => way === null) ? 'passed' : 'not tested')
    }),
    { numRuns: 40 },
  )
})

describe('limits in a comparison are held against the head alone', () => {
  test('a limit fails where the head is beyond it, whatever the base was', () => {
    assert.match(
      said(base, base, 'itl_p95>1ms'),
      /^itl_p95>1ms: failed for 8000\/256: beyond the limit at 12 of 12 points, worst at /,
    )
    assert.match(said(base, base, 'itl_p95>10s'), /^itl_p95>10s: passed 8000\/256: within the limit at 12 of 12 points/)
  })

  test('points that the head lost leave a limit and the SLO untested', () => {
    const gone = changed(head, (result, i) => (i < 3 ? null : result))
    assert.match(said(base, gone, 'itl_p95>10s'), /^itl_p95>10s: not tested: 8000\/256: 1 of 12 points has no result/)
    assert.match(
      said(base, gone, 'slo'),
      /^slo: not tested: 8000\/256: met at \d+ of 12 points, but 1 of 12 points has no result/,
    )
    assert.equal(gated(base, gone, 'slo', 1).outcome, 'passed')
  })

  test('they need no repeats', () => {
    assert.equal(gated(once, once, 'itl_p95>10s').outcome, 'passed')
    assert.equal(gated(once, once, 'slo').outcome, 'passed')
  })
})

test('what was not tested is an error in JUnit, also for a gate without any point, and in the JSON with its reason', () => {
  const texts = ['ttft_p95>5%', 'itl_p95>10s', 'slo']
  const whole = (after: Run) => compareRuns(base, after, texts.map(gateOf))
  for (const after of [changed(head, r => failed(r, 'x')), changed(head, r => invalid(r)), changed(head, () => null)]) {
    const comparison = whole(after)
    assert.equal(isStopped(comparison.gates), true)
    const xml = comparisonJunit(comparison)
    for (const suite of xml.split('<testsuite ').slice(1)) {
      assert.match(suite, /errors="[1-9]\d*"/)
      assert.match(suite, /<error message="[^"]+"\/>/)
    }
    const { gateBroken, thresholds } = JSON.parse(comparisonJson(comparison))
    assert.equal(gateBroken, true)
    for (const { outcome, reason } of thresholds) {
      assert.equal(outcome, 'not tested')
      assert.match(reason, /HEAD|failed|invalid|no result/)
    }
  }
  const empty = compareRuns(
    changed(base, () => null),
    changed(head, () => null),
    texts.map(gateOf),
  )
  assert.equal(comparisonJunit(empty).match(/<error/g)?.length, 3)
  assert.equal(isStopped(whole(head).gates), false)
})

test('without gates JUnit has an error for each point that the head lost', () => {
  const lossy = changed(head, (result, i) => (i < 3 ? failed(result, 'x') : i < 6 ? null : result))
  assert.equal(comparisonJunit(compareRuns(base, lossy)).match(/<error/g)?.length, 7 + 1)
})
