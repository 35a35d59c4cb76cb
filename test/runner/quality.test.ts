// Test part: process

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunDependencies } from '../../src/runner/run.ts'
import type { Plan } from '../../src/spec/sweep.ts'
import { scratchRun } from './run-in-scratch.ts'
import { measurementOf, scriptedDeployer, scriptedGenerator, smallPlan } from './small-system.ts'

const withQuality = (plan: Plan, at: 'deployment' | 'point'): Plan => ({
  ...plan,
  sweep: { ...plan.sweep, quality: { at, questions: null, lmEval: null } },
})

const found = { concurrency: 1, unansweredLimit: 0.01 }

/** What happened, in order: `measure 1`, `check 4`. */
function script(log: string[]): Pick<RunDependencies, 'generator' | 'checkQuality'> {
  let measuring = false
  const levelOf = ({ level }: { level: { kind: string; concurrency?: number } }) => level.concurrency
  return {
    generator: scriptedGenerator(async point => {
      measuring = true
      log.push(`measure ${levelOf(point.load)}`)
      await Promise.resolve()
      measuring = false
      return measurementOf(point)
    }),
    checkQuality: async (_, { point, concurrency }) => {
      assert.equal(measuring, false, 'asked inside a window')
      assert.equal(concurrency, levelOf(point.load))
      log.push(`check ${levelOf(point.load)}`)
      return found
    },
  }
}

test('a deployment is checked once, after its points, at the load of the highest valid one', async () => {
  const plan = withQuality(smallPlan([1, 4, 2]), 'deployment')
  await using run = await scratchRun(plan)
  const log: string[] = []
  assert.equal((await run.attempt(script(log))).outcome, 'complete')
  assert.deepEqual(log.slice(0, 4), ['measure 1', 'measure 4', 'measure 2', 'check 4'])
  assert.equal(log.filter(line => line.startsWith('check')).length, 3)
})

test('with at: point each load level is checked after its own measurement', async () => {
  const plan = withQuality(smallPlan([1, 2]), 'point')
  await using run = await scratchRun(plan)
  const log: string[] = []
  await run.attempt(script(log))
  assert.deepEqual(log.slice(0, 4), ['measure 1', 'check 1', 'measure 2', 'check 2'])
})

test('measured figures are the same with and without a check', async () => {
  const results = async (plan: Plan) => {
    await using run = await scratchRun(plan)
    await run.attempt(script([]))
    return (await run.points()).map(({ result }) => result)
  }
  assert.deepEqual(await results(withQuality(smallPlan([1, 2]), 'point')), await results(smallPlan([1, 2])))
})

test('a run that was stopped within a check asks again when it goes on, and measures nothing again', async () => {
  const plan = withQuality(smallPlan([1]), 'deployment')
  await using run = await scratchRun(plan)
  const stop = new AbortController()
  const first: string[] = []
  await run.attempt({
    ...script(first),
    checkQuality: async () => {
      stop.abort(new Error('stopped'))
      throw stop.signal.reason
    },
    signal: stop.signal,
  })
  assert.deepEqual(first, ['measure 1'])
  const second: string[] = []
  assert.equal((await run.attempt(script(second))).outcome, 'complete')
  assert.deepEqual(second, ['check 1', 'measure 1', 'check 1', 'measure 1', 'check 1'])
})

test('a check that fails is recorded with its reason, and not made again', async () => {
  const plan = withQuality(smallPlan([1]), 'deployment')
  await using run = await scratchRun(plan)
  const failing = { ...script([]), checkQuality: () => Promise.reject(new Error('no lm-eval')) }
  assert.equal((await run.attempt(failing)).outcome, 'complete')
  const checks = (await run.events()).filter(event => event.type === 'quality')
  assert.deepEqual(
    checks.map(({ quality, reason }) => [quality, reason]),
    Array(3).fill([null, 'no lm-eval']),
  )
})

test('a deployment that comes up no more for its check leaves it unmade', async () => {
  const plan = withQuality(smallPlan([1]), 'deployment')
  await using run = await scratchRun(plan)
  const stop = new AbortController()
  await run.attempt({
    ...script([]),
    checkQuality: async () => {
      stop.abort()
      throw stop.signal.reason
    },
    signal: stop.signal,
  })
  const deployer = scriptedDeployer({
    reconcile: () => {
      throw new Error('no GPUs')
    },
  })
  assert.equal((await run.attempt({ ...script([]), deployer })).outcome, 'complete')
  const checks = (await run.events()).filter(event => event.type === 'quality')
  assert.match(checks[0]?.reason ?? '', /no GPUs/)
})

test('a budget of points ends the measurements, and what was measured is checked', async () => {
  const plan = withQuality(smallPlan([1, 2], { points: 1 }), 'deployment')
  await using run = await scratchRun(plan)
  const log: string[] = []
  assert.equal((await run.attempt(script(log))).outcome, 'budget')
  assert.deepEqual(log, ['measure 1', 'check 1'])
})
