import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { printOutcome } from '../../src/cli/print-outcome.ts'
import type { ReportedOutcome } from '../../src/commands/execute.ts'
import { FulcrumError } from '../../src/model/index.ts'

const finished: ReportedOutcome = {
  outcome: 'complete',
  reason: '',
  points: { planned: 4, ok: 3, invalid: 0, failed: 1, missing: 0, skipped: 0 },
  measured: 0,
  elapsedS: 0,
  folder: '/results/a/b',
  exitCode: 1,
  resumed: true,
  limits: [],
  report: { folder: '/r', index: '/r/index.html', files: [], frontier: [], deploy: [], couldOverturn: [] },
}

const printed = (t: TestContext, outcome: ReportedOutcome) => {
  const log = t.mock.method(console, 'log', () => {})
  printOutcome(outcome, false)
  return log.mock.calls.map(({ arguments: said }) => said.join(' ')).join('\n')
}

test('a run that was complete before says that there is nothing to measure, and how to measure more', t => {
  assert.equal(
    printed(t, { ...finished, wasComplete: true }),
    [
      'Nothing to measure: the run is complete (3 ok, 1 failed of 4 points).',
      'to do: measure points again with `fulcrum resume /results/a/b --again failed`, or start a new run with `fulcrum run FILE`',
      'report: /r/index.html',
      'run: /results/a/b',
    ].join('\n'),
  )
})

test('a run whose points all failed ended like any other: it tried them', t => {
  const points = { ...finished.points, planned: 1, ok: 0, failed: 1 }
  const text = printed(t, { ...finished, points, resumed: false, elapsedS: 3 })
  assert.match(text, /^complete after 3 s: 0 ok, 1 failed of 1 point$/m)
  assert.doesNotMatch(text, /Nothing to measure/)
})

test('a run with missing points says what continues it', t => {
  const points = { ...finished.points, failed: 0, missing: 1 }
  const text = printed(t, { ...finished, points, outcome: 'interrupted', measured: 3 })
  assert.match(text, /^run: \/results\/a\/b {2}\(continue with: fulcrum resume\)$/m)
})

test('the end of a run names what could overturn a recommendation, and the command in one line', t => {
  const log = t.mock.method(console, 'log', () => {})
  const command = 'fulcrum resume /data/results/nightly/20261128T020000Z-0a1b2c --again failed,invalid'
  const line =
    '1P1D at concurrency 64 could overturn this: it failed (no answer). It could reach 130 tokens/s per GPU, compared with 113.'
  const outcome: ReportedOutcome = {
    outcome: 'complete',
    reason: '',
    points: { planned: 4, ok: 3, invalid: 0, failed: 1, missing: 0, skipped: 0 },
    measured: 4,
    elapsedS: 12,
    folder: '/data/results/nightly/20261128T020000Z-0a1b2c',
    exitCode: 1,
    resumed: false,
    limits: [],
    report: {
      folder: '/data/report',
      index: '/data/report/index.html',
      files: [],
      frontier: [],
      deploy: [],
      couldOverturn: [{ workload: '8000/256', lines: [line], command }],
    },
  }
  printOutcome(outcome, false)
  const text = log.mock.calls.map(({ arguments: said }) => said.join(' ')).join('\n')
  assert.match(text.replace(/\s+/g, ' '), /8000\/256: uncertain: 1P1D at concurrency 64 could overturn this/)
  assert.ok(text.split('\n').includes(`measure it: ${command}`))
})

test('place and remedy of a failed run are told once', t => {
  const error = new FulcrumError('environment', 'no-server', 'Nothing answers', {
    where: 'http://a/',
    remedy: 'Start it.',
  })
  const failed = { ...finished, outcome: 'failed', measured: 0, report: null, error } as const
  const text = printed(t, { ...failed, reason: 'Nothing answers (http://a/). Start it.' })
  assert.match(text, /^because: Nothing answers \(http:\/\/a\/\)\. Start it\.\nrun: /m)
})
