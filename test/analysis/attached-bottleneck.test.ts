// Test part: load
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { measuredAttached } from '../../bench/tune/attached.ts'
import { knownCases } from '../../bench/tune/cases.ts'
import { analyse } from '../../src/analysis/analyse.ts'
import { loadValue } from '../../src/analysis/load-label.ts'
import { bottleneckAt } from '../../src/analysis/tune/bottleneck.ts'
import { roleStates } from '../../src/analysis/tune/role-state.ts'
import { referenceOf } from '../../src/analysis/tune/tune.ts'
import { readRun } from '../../src/journal/index.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-attached-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('the bottleneck of an attached endpoint', () => {
  test('is named from the workers’ pages that the sweep file names', async () => {
    const known = knownCases.find(({ name }) => name === 's-kv-decode')
    assert.ok(known !== undefined)
    const { points } = analyse(await readRun(await measuredAttached(known, folder)))
    const heaviest = points.toSorted((a, b) => (loadValue(b.load.level) ?? 0) - (loadValue(a.load.level) ?? 0))[0]
    assert.ok(heaviest !== undefined)
    const states = roleStates(heaviest).map(({ role, workers }) => [role, workers])
    assert.deepEqual(states, Object.entries({ prefill: 2, decode: 1 }))
    assert.deepEqual(
      heaviest.valid.flatMap(({ remarks = [] }) => remarks),
      [],
    )
    assert.equal(bottleneckAt(heaviest, referenceOf(heaviest, points)).stage, known.truth)
    // The pages make the difference: without them the KV cache is not named.
    const blind = { ...heaviest, valid: heaviest.valid.map(({ server: _, ...rest }) => rest) }
    assert.notEqual(bottleneckAt(blind, referenceOf(heaviest, points)).stage, known.truth)
  })
})
