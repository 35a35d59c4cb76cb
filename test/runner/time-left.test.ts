import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JournalEvent, JournalLine } from '../../src/journal/index.ts'
import type { Point } from '../../src/model/index.ts'
import { timeLeft } from '../../src/runner/time-left.ts'
import { measurementOf, smallPlan } from './small-system.ts'

const { deployments } = smallPlan([1, 2])
const [first, second, third] = deployments.map(({ points }) => points)
const at = '2026-11-24T12:00:00.000Z'

const journalOf = (...events: JournalEvent[]): JournalLine[] => events.map((event, seq) => ({ seq, at, event }))

const measured = (point: Point | undefined, elapsedS: number): JournalEvent => {
  assert.ok(point)
  const result = { point, status: 'ok', reason: '', findings: [], measurement: measurementOf(point) } as const
  return { type: 'point', elapsedS, result }
}

const deployed = (elapsedS: number): JournalEvent => ({
  type: 'deployment',
  deploymentId: 'x',
  label: 'agg x2',
  outcome: 'ready',
  workersStarted: 2,
  workersStopped: 0,
  elapsedS,
  reason: '',
})

describe('the time left', () => {
  test('is unknown before anything was measured', () => {
    assert.equal(timeLeft(deployments, null)([]), null)
  })

  test('is what past points took, before anything was measured', () => {
    assert.equal(timeLeft(deployments, 5)([]), 30)
  })

  test('takes each point to be like the ones at the same load, and each deployment like those before', () => {
    const lines = journalOf(deployed(7), measured(first?.[0], 10), measured(first?.[1], 30))
    assert.equal(timeLeft(deployments, 5)(lines), 2 * 7 + 2 * 10 + 2 * 30)
  })

  test('takes a load never seen to be like all others', () => {
    const lines = journalOf(measured(first?.[0], 10))
    assert.equal(timeLeft(deployments, 5)(lines), 10 * 5)
  })

  test('is nothing when nothing is missing', () => {
    const all = [first, second, third].flatMap(points => points?.map(point => measured(point, 1)) ?? [])
    assert.equal(timeLeft(deployments, null)(journalOf(...all)), 0)
  })

  const checked = (point: Point | undefined, elapsedS: number): JournalEvent => {
    assert.ok(point)
    const { id, deployment } = point
    return { type: 'quality', pointId: id, deploymentId: deployment.id, quality: null, reason: 'x', elapsedS }
  }

  test('has the checks of quality, as long as the plan expects, then as long as those before', () => {
    const left = timeLeft(deployments, 5, { at: 'deployment', fallbackSeconds: 40 })
    assert.equal(left([]), 6 * 5 + 3 * 40)
    const lines = [measured(first?.[0], 10), measured(first?.[1], 10)]
    assert.equal(left(journalOf(...lines)), 4 * 10 + 3 * 40)
    assert.equal(left(journalOf(...lines, checked(first?.[1], 25))), 4 * 10 + 2 * 25)
  })

  test('has the last check when all points were measured, and none of a deployment without a valid point', () => {
    const all = [first, second].flatMap(points => points?.map(point => measured(point, 1)) ?? [])
    const invalid = (third ?? []).map(point => {
      const event = measured(point, 1)
      assert.equal(event.type, 'point')
      return event.type === 'point' ? { ...event, result: { ...event.result, status: 'invalid' as const } } : event
    })
    const left = timeLeft(deployments, 5, { at: 'deployment', fallbackSeconds: 40 })
    const lines = [...all, ...invalid, checked(first?.[0], 30)]
    assert.equal(left(journalOf(...lines)), 30)
    assert.equal(left(journalOf(...lines, checked(second?.[0], 30))), 0)
  })

  test('has a check of each load level where the sweep asks for that', () => {
    const left = timeLeft(deployments, 5, { at: 'point', fallbackSeconds: 4 })
    assert.equal(left([]), 6 * 5 + 6 * 4)
    assert.equal(left(journalOf(measured(first?.[0], 5), checked(first?.[0], 9))), 5 * 5 + 5 * 9)
  })

  test('of 10,000 points is found in a moment', () => {
    const { deployments: many } = smallPlan(Array.from({ length: 3300 }, (_, i) => i + 1))
    const left = timeLeft(many, 1)
    const lines = journalOf(...(many[0]?.points.map(point => measured(point, 2)) ?? []))
    assert.equal(left(lines), 2 * 6600)
  })
})
