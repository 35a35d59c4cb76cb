import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { FulcrumError } from '../../src/model/index.ts'
import { onlyPoints } from '../../src/plan/only.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { choiceOf } from '../../src/search/strategies.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'

const plan = planSweep(await loadSweep(join(import.meta.dirname, '../../sweeps/quick.yaml')))
const all = plan.deployments.flatMap(({ points }) => points)
const [first] = all
const last = all.at(-1)
assert.ok(first && last)

describe('a plan of only some points', () => {
  test('has these points unchanged, and no deployment without one', () => {
    const part = onlyPoints(plan, [last.id, first.id])
    const points = part.deployments.flatMap(({ points }) => points)
    assert.deepEqual(new Set(points), new Set([first, last]))
    assert.equal(part.pointCount, 2)
    assert.equal(part.deployments.length, new Set([first.deployment.id, last.deployment.id]).size)
  })

  test('counts a point that is asked for twice once', () => {
    assert.equal(onlyPoints(plan, [first.id, first.id]).pointCount, 1)
  })

  test('measures all of them also where the sweep asks for a search', () => {
    const searching = { ...plan, sweep: { ...plan.sweep, search: 'adaptive' as const } }
    const part = onlyPoints(searching, [first.id, last.id])
    const choice = choiceOf(part)
    assert.equal(choice.isUpperBound, false)
    assert.deepEqual(choice.skipped([]), [])
  })

  test('refuses an id that is not in the plan, naming those that begin so or are spelled nearly so', () => {
    const wrong = `${first.id.slice(0, -1)}${first.id.endsWith('0') ? '1' : '0'}`
    for (const id of [first.id.slice(0, 5), wrong])
      assert.throws(
        () => onlyPoints(plan, [id]),
        (error: unknown) =>
          error instanceof FulcrumError && error.kind === 'bad-input' && error.remedy?.includes(first.id) === true,
      )
  })
})
