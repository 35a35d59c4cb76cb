// Test part: process

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { execaNode } from 'execa'
import { readRun } from '../../src/journal/index.ts'
import { createRandom } from '../../src/model/numbers/random.ts'
import { type ScratchRun, scratchRun } from './run-in-scratch.ts'
import { smallPlan } from './small-system.ts'

const kills = 50
const runs = 4
const levels = 30
const longestLifeMs = 60

const child = join(import.meta.dirname, 'killable-process.ts')

/** One life of the process: killed after `lifeMs` at work, or until it is done. */
async function live(run: ScratchRun, lifeMs: number | null): Promise<'killed' | 'done'> {
  const process_ = execaNode(child, [run.folder, String(levels)], { reject: false })
  await once(process_.stdout, 'data')
  if (lifeMs !== null) {
    await Promise.race([sleep(lifeMs), process_])
    process_.kill('SIGKILL')
  }
  const { signal, stdout, stderr } = await process_
  assert.equal(stderr, '')
  return signal === 'SIGKILL' && !stdout.includes('done') ? 'killed' : 'done'
}

/** What the journal must hold after a life: all that was said to be kept, and at most one point asked and lost. */
async function checkLife(run: ScratchRun, asksBefore: number): Promise<number> {
  const log = (await readFile(join(run.folder, 'asked.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean)
  const kept = new Set((await readRun(run.folder)).results.map(result => result.point.id))
  const idsOf = (what: string) =>
    log.filter(line => line.startsWith(`${what} `)).map(line => line.slice(what.length + 1))
  const asked = idsOf('asked')
  for (const id of idsOf('measured')) assert.ok(kept.has(id), `${id} was lost`)
  assert.ok(asked.slice(asksBefore).filter(id => !kept.has(id)).length <= 1)
  return asked.length
}

test(`a run killed at ${kills} random moments measures every point, none twice, and loses the point in flight at most`, async () => {
  const plan = smallPlan(Array.from({ length: levels }, (_, i) => i + 1))
  const ids = plan.deployments.flatMap(({ points }) => points.map(point => point.id))
  const random = createRandom(20261124)
  const one = async () => {
    await using run = await scratchRun(plan)
    let asks = 0
    let killed = 0
    while (killed < kills / runs) {
      const end = await live(run, random.uniform() * longestLifeMs)
      asks = await checkLife(run, asks)
      if (end === 'done') break
      killed++
    }
    await live(run, null)
    const points = await run.points()
    assert.deepEqual(points.map(event => event.result.point.id).sort(), ids.toSorted())
    assert.equal((await readRun(run.folder)).ended?.outcome, 'complete')
    return killed
  }
  let total = 0
  while (total < kills) total += (await Promise.all([one(), one()])).reduce((sum, killed) => sum + killed, 0)
})
