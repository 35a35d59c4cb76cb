// Test part: process

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FulcrumError } from '../../src/model/index.ts'
import { scratchRun } from './run-in-scratch.ts'
import { scriptedDeployer, scriptedGenerator, smallPlan } from './small-system.ts'

const plan = smallPlan([1, 2, 4])
const firstDeployment = plan.deployments[0]?.points.map(point => point.id) ?? []

describe('points asked for once more', () => {
  test('are measured again, and nothing else is', async () => {
    await using run = await scratchRun(plan)
    await run.attempt()
    const [again = '', ...rest] = firstDeployment
    const generator = scriptedGenerator()
    const outcome = await run.attempt({ generator, again: [again] })
    assert.deepEqual(
      generator.asked.map(({ id }) => id),
      [again],
    )
    assert.ok(rest.length > 0)
    assert.deepEqual([outcome.outcome, outcome.points.ok, outcome.points.missing], ['complete', 9, 0])
  })

  test('may be those of a deployment that had failed: it is brought up once more', async () => {
    await using run = await scratchRun(plan)
    const wrong = new FulcrumError('failed', 'argument-refused', 'no such argument')
    const failed = await run.attempt({ deployer: scriptedDeployer({ reconcile: () => Promise.reject(wrong) }) })
    assert.equal(failed.points.failed, 9)
    const again = (await run.points()).map(({ result }) => result.point.id)
    const repaired = await run.attempt({ again })
    assert.deepEqual([repaired.points.ok, repaired.points.failed], [9, 0])
  })

  test('are asked for once only: an attempt after it measures nothing', async () => {
    await using run = await scratchRun(plan)
    await run.attempt()
    await run.attempt({ again: firstDeployment })
    assert.equal((await run.attempt()).measured, 0)
  })

  test('are still missing when the attempt is interrupted before it gets to them', async () => {
    await using run = await scratchRun(plan)
    await run.attempt()
    await run.attempt({ again: firstDeployment, signal: AbortSignal.abort(new Error('Ctrl-C')) })
    assert.equal((await run.attempt()).measured, firstDeployment.length)
  })
})
