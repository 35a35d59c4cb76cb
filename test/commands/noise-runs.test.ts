// Test part: process

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { compareRunFolders } from '../../src/commands/compare.ts'
import { noiseRuns } from '../../src/commands/noise-runs.ts'
import { readRun } from '../../src/journal/index.ts'
import { createRandom } from '../../src/model/index.ts'
import { temporaryFolder } from '../cli/fulcrum.ts'
import { writtenRun } from '../journal/written-run.ts'
import { madeRun } from '../render/made-runs.ts'

const atDay = (day: number) => new Date(Date.UTC(2026, 0, day))

describe('the runs that say how runs of a sweep differ', () => {
  let place: Awaited<ReturnType<typeof temporaryFolder>>
  const folders: string[] = []
  before(async () => {
    place = await temporaryFolder()
    // Levels of runs differ as much as repeats do, so that repeats alone would call many figures changed.
    for (let day = 1; day <= 7; day++)
      folders.push(
        await writtenRun(madeRun(createRandom(`known ${day}`), { repeats: 3, runShift: 1 }), place.path, atDay(day)),
      )
  })
  after(() => place[Symbol.asyncDispose]())
  const run = (index: number) => readRun(folders[index] ?? '')
  const known = async (base: number, head: number) =>
    (await noiseRuns(await run(base), await run(head))).map(({ folder }) => folders.indexOf(folder))

  test('are those before the base, and the next ones where these are few, but none as young as the head', async () => {
    assert.deepEqual(await known(5, 6), [0, 1, 2, 3, 4])
    assert.deepEqual(await known(1, 6), [0, 2, 3, 4, 5])
    assert.deepEqual(await known(0, 3), [1, 2])
    assert.deepEqual(await known(3, 0), [1, 2])
  })

  test('are none of another sweep, none of single points, and none that can not be read', async () => {
    const elsewhere = await temporaryFolder()
    try {
      const written = (name: string, day: number, only?: readonly string[]) => {
        const made = madeRun(createRandom(name), { repeats: 1 })
        const manifest = only === undefined ? made.manifest : { ...made.manifest, only: [...only] }
        return writtenRun({ ...made, manifest }, elsewhere.path, atDay(day))
      }
      await written('part', 1, ['a'])
      const base = await readRun(await written('base', 2))
      const head = await readRun(await written('head', 3))
      assert.deepEqual(await noiseRuns(base, head), [])
      const other = { ...base, manifest: { ...base.manifest, sweep: 'another' } }
      assert.deepEqual(await noiseRuns(other, head), [])
    } finally {
      await elsewhere[Symbol.asyncDispose]()
    }
  })

  test('keep a difference between runs from being called a change, and the comparison says on what it rests', async () => {
    const compared = async (base: number, head: number) => {
      const { heads } = await compareRunFolders({ base: folders[base] ?? '', heads: [folders[head] ?? ''], failOn: [] })
      const [one] = heads
      assert.ok(one)
      return { changes: one.changes.length, noise: one.noise, json: JSON.parse(one.json) }
    }
    const few = await compared(0, 2)
    assert.ok(few.changes > 0)
    assert.match(few.noise, /repeats of one run.* takes 4 comparable runs of the sweep .* only 2 are known/)
    assert.deepEqual([few.json.noise.betweenRuns, few.json.noise.noiseRuns], [false, 2])
    const enough = await compared(5, 6)
    assert.equal(enough.changes, 0)
    assert.equal(enough.noise, 'Based on the noise between repeats and on how 6 runs of the sweep differ.')
    assert.deepEqual([enough.json.noise.betweenRuns, enough.json.noise.noiseRuns], [true, 6])
  })
})
