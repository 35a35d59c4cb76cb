// Test part: process

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotMount, smallDisk } from '../journal/small-disk.ts'
import { scratchRun } from './run-in-scratch.ts'
import { scriptedDeployer, scriptedGenerator, smallPlan } from './small-system.ts'

const plan = smallPlan([1, 2, 4])
const ids = plan.deployments.flatMap(({ points }) => points.map(point => point.id))

describe('a run whose disk', () => {
  test('fills up ends with one clear error, stops everything, and goes on when there is room', async t => {
    await using disk = await smallDisk(24)
    if (disk === null) return t.skip(cannotMount)
    await using run = await scratchRun(plan, disk.path)
    const [deployer, generator] = [scriptedDeployer(), scriptedGenerator()]
    const outcome = await run.attempt({ deployer, generator })
    assert.deepEqual([outcome.outcome, outcome.exitCode, outcome.error?.code], ['failed', 3, 'disk-full'])
    assert.match(outcome.error?.remedy ?? '', /Free some space/)
    assert.deepEqual([deployer.closed(), generator.closed()], [1, 1])
    const kept = (await run.points()).length
    assert.ok(kept > 0 && kept < ids.length)
    assert.equal(outcome.points.ok, kept)
    await disk.makeWritable(512)
    assert.deepEqual((await run.attempt()).points.ok, 9)
    assert.deepEqual(
      (await run.points()).map(event => event.result.point.id),
      ids,
    )
  })

  test('refuses a generator’s own files ends there instead of failing every point', async () => {
    await using run = await scratchRun(plan)
    const generator = scriptedGenerator(() => {
      throw new Error('ENOSPC: no space left on device, write')
    })
    const outcome = await run.attempt({ generator })
    assert.deepEqual([outcome.error?.code, outcome.points.missing, generator.asked.length], ['disk-full', 9, 1])
  })
})
