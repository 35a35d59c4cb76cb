// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MeasuredSessions, ReplayedTrace } from '../../src/metrics/measurement.ts'
import { judgeSessions } from '../../src/metrics/validity/sessions.ts'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { syntheticRun } from '../render/synthetic-run.ts'
import { oneValue } from './one-value.ts'

const [result] = syntheticRun({ workloads: [[100, 10]], concurrencies: [1] }).results
const measurement = result?.measurement ?? assert.fail('no measurement')
const point = result?.point ?? assert.fail('no point')
const limitMs = point.limits.sendLatenessP99Ms

/** 100 requests of 25 sessions, all sent on schedule. */
const punctual: MeasuredSessions = {
  count: 25,
  turns: 4,
  byAnswer: 0,
  bySchedule: 75,
  skipped: 0,
  turnLatenessMs: oneValue(0.2, 75),
}
const wholeTrace: ReplayedTrace = { inFile: 100, chosen: 100, unit: 'ms', guessed: null }

function foundIn(sessions: Partial<MeasuredSessions>, replay: Partial<ReplayedTrace> | null = {}) {
  return judgeSessions(point, {
    ...measurement,
    requests: { sent: 100, completed: 100, failed: 0 },
    sessions: { ...punctual, ...sessions },
    ...(replay === null ? {} : { replay: { ...wholeTrace, ...replay } }),
  })
}
const codes = (...asked: Parameters<typeof foundIn>) => foundIn(...asked).map(({ severity, code }) => [severity, code])

describe('turns and traces', () => {
  test('that went as asked have no finding', () => {
    assert.deepEqual(codes({}), [])
    assert.deepEqual(codes({}, null), [])
  })

  test('of a run without sessions have no finding', () => {
    const { sessions: _, replay: __, ...without } = measurement
    assert.deepEqual(judgeSessions(point, without), [])
  })

  test('that were sent later than answer and think time allow make the point invalid', () => {
    assert.deepEqual(codes({ turnLatenessMs: oneValue(limitMs, 75) }), [])
    const late = { ...oneValue(1, 75), p99: limitMs + 1 }
    assert.deepEqual(codes({ turnLatenessMs: late }), [['invalid', 'turns-late']])
    const whole = { ...measurement, sessions: { ...punctual, turnLatenessMs: late } }
    assert.equal(statusOf(judge(point, whole)), 'invalid')
  })

  test('are late by the limit of the sweep file, which the message names', () => {
    const late = { ...measurement, sessions: { ...punctual, turnLatenessMs: oneValue(limitMs + 1, 75) } }
    const patient = { ...point, limits: { ...point.limits, sendLatenessP99Ms: limitMs + 2 } }
    assert.deepEqual(judgeSessions(patient, late), [])
    assert.match(judgeSessions(point, late)[0]?.message ?? '', /p99 21\.0? ?ms.*validity\.send_lateness_p99_ms/)
  })

  test('without a turn that waited are not late', () => {
    assert.deepEqual(codes({ turnLatenessMs: null, bySchedule: 0 }), [])
  })

  test('that were not sent are told with their number', () => {
    const [finding] = foundIn({ skipped: 3 })
    assert.deepEqual([finding?.severity, finding?.code], ['warning', 'turns-skipped'])
    assert.match(finding?.message ?? '', /^3 requests were not sent/)
    assert.match(foundIn({ skipped: 1 })[0]?.message ?? '', /^1 request was not sent/)
  })

  test('that waited for slow answers in more than 5% of cases make the load lower than recorded', () => {
    assert.deepEqual(codes({ byAnswer: 5, bySchedule: 95 }), [])
    assert.deepEqual(codes({ byAnswer: 6, bySchedule: 94 }), [['warning', 'turns-behind-trace']])
  })

  test('that always wait for answers, by recorded delays, are no slower than asked', () => {
    assert.deepEqual(codes({ byAnswer: 75, bySchedule: 0 }), [])
  })

  test('of conversations are due by answers alone, and have no trace to be behind', () => {
    assert.deepEqual(codes({ byAnswer: 50, bySchedule: 25 }, null), [])
  })
})

describe('the part of a trace', () => {
  test('that was replayed is told with its share, and nothing of a whole one', () => {
    const [finding] = foundIn({}, { inFile: 400, chosen: 100 })
    assert.deepEqual([finding?.severity, finding?.code], ['note', 'trace-part'])
    assert.match(finding?.message ?? '', /^100 of 400 requests of the trace were replayed \(25%\)/)
  })
})

describe('the unit of a trace', () => {
  test('that was guessed is told with the reason', () => {
    const [finding] = foundIn({}, { unit: 's', guessed: 'the rate is a likely one' })
    assert.deepEqual([finding?.severity, finding?.code], ['warning', 'trace-unit'])
    assert.match(finding?.message ?? '', /were read as s, because the rate is a likely one\. Write load\.trace\.unit/)
  })

  test('that was asked for although the numbers speak against it is told', () => {
    const [finding, ...more] = foundIn({}, { unit: 'ms', guessed: null, doubt: 'seconds are likelier: why' })
    assert.deepEqual([finding?.severity, finding?.code, more], ['warning', 'trace-unit', []])
    assert.match(finding?.message ?? '', /were read as ms, as load\.trace\.unit says, but seconds are likelier: why/)
  })

  test('that was asked for, or of dates, is not told', () => {
    assert.deepEqual(codes({}, { unit: 's', guessed: null }), [])
    assert.deepEqual(codes({}, { unit: 'date', guessed: null }), [])
  })
})
