import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseComparisonGate } from '../../src/analysis/compare/quality-gate.ts'
import type { Quality } from '../../src/metrics/quality.ts'
import { comparisonMarkdown } from '../../src/render/markdown/comparison.ts'
import { disaggregated, syntheticRun } from '../render/synthetic-run.ts'

const qualityOf = (outcomes: string, sha256 = 'same'): Quality => ({
  concurrency: 4,
  unansweredLimit: 0.01,
  questions: {
    file: 'questions.jsonl',
    sha256,
    askedAs: 'chat',
    outcomes,
    truncated: 0,
    errors: [],
    answersFile: 'quality/x/answers.jsonl',
  },
})

/** A run whose last point was checked. */
function checked(quality: Quality | null) {
  const run = syntheticRun({ sweep: 'quality', topologies: [disaggregated(1, 1)] })
  const last = run.results.length - 1
  const results = run.results.map((result, at) =>
    at !== last || quality === null || result.measurement === null
      ? result
      : { ...result, measurement: { ...result.measurement, quality } },
  )
  return { ...run, results }
}

const compared = (base: Quality | null, head: Quality | null, gate = 'accuracy<-1pp') =>
  compareRuns(checked(base), checked(head), [parseComparisonGate(gate)])

const right = (count: number, wrong: number) => '+'.repeat(count) + '-'.repeat(wrong)

describe('quality of two runs', () => {
  test('is worse where more questions became wrong than chance explains, and the gate fails', () => {
    const { quality, gates } = compared(qualityOf(right(60, 0)), qualityOf(right(50, 10)))
    assert.equal(quality.length, 1)
    assert.deepEqual([quality[0]?.test, quality[0]?.verdict], ['paired', 'worse'])
    assert.deepEqual(
      gates.map(({ outcome }) => outcome),
      ['failed'],
    )
    assert.match(gates[0]?.reason ?? '', /most by -16\.7 pp/)
  })

  test('shows no difference for a fall that chance explains, and says that more questions would show it', () => {
    const { quality, gates } = compared(qualityOf(right(60, 0)), qualityOf(right(58, 2)))
    assert.equal(quality[0]?.verdict, 'no difference shown')
    assert.equal(gates[0]?.outcome, 'passed')
    assert.match(gates[0]?.reason ?? '', /more questions would show it/)
  })

  test('is better where more became right, and the gate passes', () => {
    const { quality, gates } = compared(qualityOf(right(40, 20)), qualityOf(right(60, 0)))
    assert.equal(quality[0]?.verdict, 'better')
    assert.equal(gates[0]?.outcome, 'passed')
  })

  test('of other questions is compared as two shares, which is said', () => {
    const { quality } = compared(qualityOf(right(600, 0)), qualityOf(right(500, 100), 'other'))
    assert.deepEqual([quality[0]?.test, quality[0]?.verdict, quality[0]?.why], ['unpaired', 'worse', 'other questions'])
  })

  test('that was not checked in the head is not tested, which is not passed', () => {
    const { gates } = compared(qualityOf(right(60, 0)), null)
    assert.deepEqual(
      gates.map(({ outcome, reason }) => [outcome, reason]),
      [['not tested', 'HEAD was not checked here']],
    )
  })

  test('that was checked in neither is not tested, with what to add', () => {
    const { quality, gates } = compared(null, null)
    assert.deepEqual([quality.length, gates[0]?.outcome], [0, 'not tested'])
    assert.match(gates[0]?.reason ?? '', /add quality to its sweep/)
  })

  test('with too many unanswered questions is not known, and so not tested', () => {
    const { quality, gates } = compared(qualityOf(right(60, 0)), qualityOf(`${right(30, 0)}${'?'.repeat(30)}`))
    assert.deepEqual([quality[0]?.headAccuracy, quality[0]?.verdict], [null, 'not comparable'])
    assert.equal(gates[0]?.outcome, 'not tested')
  })

  test('stands in the summary of a comparison', () => {
    assert.match(
      comparisonMarkdown(compared(qualityOf(right(60, 0)), qualityOf(right(50, 10)))),
      /Accuracy[\s\S]*100%[\s\S]*83\.3%/,
    )
  })
})

test('percentage points gate a fall of the accuracy alone', () => {
  assert.deepEqual(parseComparisonGate(' accuracy<-1.5pp'), {
    kind: 'accuracy',
    text: 'accuracy<-1.5pp',
    change: -0.015,
  })
  for (const text of ['accuracy>-1pp', 'accuracy<1pp', 'ttft_p95<-1pp', 'accuracy<-101pp'])
    assert.throws(() => parseComparisonGate(text), { code: 'threshold-invalid' }, text)
})
