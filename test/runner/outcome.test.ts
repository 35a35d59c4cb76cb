// Test part: process

import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import { pastSecondsPerPoint } from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { exitCodeOf, type PointCounts, type RunEnd } from '../../src/runner/run.ts'
import { scratchRun } from './run-in-scratch.ts'
import { measurementOf, scriptedGenerator, smallPlan } from './small-system.ts'

const all: PointCounts = { planned: 9, ok: 9, invalid: 0, failed: 0, missing: 0, skipped: 0 }
const failed = (kind: FulcrumError['kind']): RunEnd => ({
  outcome: 'failed',
  reason: '',
  error: new FulcrumError(kind, 'code', 'message'),
})

describe('the exit code of a run', () => {
  const cases: readonly (readonly [string, RunEnd, PointCounts, number])[] = [
    ['0 when every point is good', { outcome: 'complete', reason: '' }, all, 0],
    [
      '0 when the budget is spent and what was measured is good',
      { outcome: 'budget', reason: '' },
      { ...all, missing: 3 },
      0,
    ],
    ['1 when a point is invalid', { outcome: 'complete', reason: '' }, { ...all, invalid: 1 }, 1],
    ['1 when a point failed', { outcome: 'budget', reason: '' }, { ...all, failed: 1 }, 1],
    ['2 when the sweep asked for what can’t be done', failed('bad-input'), all, 2],
    ['3 when the environment gave out', failed('environment'), { ...all, failed: 1 }, 3],
    ['130 when interrupted, whatever else', { outcome: 'interrupted', reason: '' }, { ...all, failed: 1 }, 130],
  ]
  for (const [name, end, points, code] of cases) test(`is ${name}`, () => assert.equal(exitCodeOf(end, points), code))
})

test('a past run tells what a point of its sweep takes', async () => {
  await using run = await scratchRun(smallPlan([1, 2]))
  let ms = 0
  const generator = scriptedGenerator(point => {
    ms += 4000
    return measurementOf(point)
  })
  await run.attempt({ generator, clockMs: () => ms })
  assert.equal(await pastSecondsPerPoint(dirname(dirname(run.folder)), 'small'), 4)
})
