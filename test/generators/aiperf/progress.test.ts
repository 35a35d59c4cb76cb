import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { progressReader } from '../../../src/generators/aiperf/progress.ts'
import { fixtureText } from '../programs/fixture.ts'

describe('progress of AIPerf, from its growing record', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-progress-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('is preparing while there is no record', async () => {
    const read = progressReader(join(folder, 'none.jsonl'), 10)
    assert.deepEqual(await read(), { phase: 'preparing', done: 0, total: 10 })
  })

  it('counts every measured request once, wherever the reads fall', async () => {
    const text = await fixtureText('aiperf-ok.profile_export.jsonl')
    let run = 0
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(cuts, async at => {
        const file = join(folder, `${run++}.jsonl`)
        const read = progressReader(file, 10)
        const ends = [...at.toSorted((a, b) => a - b), text.length]
        let done = 0
        for (const [index, end] of ends.entries()) {
          await appendFile(file, text.slice(ends[index - 1] ?? 0, end))
          const progress = await read()
          assert.ok(progress.done >= done)
          done = progress.done
        }
        assert.equal(done, 10)
      }),
      { numRuns: 30 },
    )
  })
})
