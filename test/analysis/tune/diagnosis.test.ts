// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualRun } from '../../../bench/tune/virtual.ts'
import { drawnSystems, virtualSystems } from '../../../bench/tune/virtual-systems.ts'
import { diagnosed, verdictOf, ways } from '../../../bench/tune/virtual-tables.ts'
import { loadProfile } from '../../../src/simulator/profile.ts'
import { simulate } from '../../../src/simulator/simulate.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')

describe('the diagnosis, against what helps in steady state,', () => {
  const found = diagnosed(virtualSystems, profile)
  const verdicts = (way: string) =>
    found.map(({ system, truth, said }) => ({
      name: system.name,
      verdict: verdictOf(truth, said[way]?.stage ?? 'none shown'),
    }))
  const named = (way: string, verdict: string) =>
    verdicts(way).flatMap(one => (one.verdict === verdict ? [one.name] : []))

  for (const way of Object.keys(ways))
    test(`is right or undecided of every chosen system, seen by ${way}`, () => {
      assert.deepEqual(named(way, 'wrong'), [])
    })
  test('is undecided of few systems where the servers tell their queues, of a third at most where they do not', () => {
    assert.ok(named('steady window, gauges', 'undecided').length <= 2)
    assert.ok(named('steady window, no gauges', 'undecided').length <= virtualSystems.length / 3)
  })
})

test('the diagnosis is wrong of at most one drawn system in twenty', () => {
  const drawn = diagnosed(drawnSystems(40, 5), profile)
  for (const way of Object.keys(ways)) {
    const wrong = drawn.filter(({ truth, said }) => verdictOf(truth, said[way]?.stage ?? 'none shown') === 'wrong')
    assert.ok(wrong.length <= 2, `${way}: ${wrong.map(({ system }) => system.name).join(', ')}`)
  }
})

test('looking at an engine in virtual time changes nothing of what it measures', () => {
  const [system] = virtualSystems
  assert.ok(system !== undefined)
  const [result] = virtualRun(system, profile).results
  assert.ok(result?.measurement != null)
  const { deployment, workload, load, slo } = result.point
  const asked = { deployment, workload, level: load.level, warmup: load.warmup, seed: load.seed, slo }
  const { server: _, ...seen } = result.measurement
  assert.deepEqual(seen, simulate({ ...asked, requests: load.requests ?? 0 }, profile))
})
