// Test part: long

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Journal, type JournalEvent, journalFile, openJournal } from '../../src/journal/index.ts'
import { encodeLine } from '../../src/journal/line.ts'
import { createRandom, type Point } from '../../src/model/index.ts'
import { runSweep } from '../../src/runner/run.ts'
import type { Plan, Sweep } from '../../src/spec/sweep.ts'
import { resultOf, type SyntheticSystem, syntheticPlan } from '../search/synthetic.ts'
import { ratios } from '../search/systems.ts'
import { scriptedDeployer, scriptedGenerator, smallPlan, untilAborted } from './small-system.ts'

const kills = 200
const weekS = 7 * 24 * 3600
/** Loading a model, and a point. Whole numbers, so that their means are the same in any grouping. */
const redeployS = 480
const pointS = 5400

const workloads = Array.from({ length: 9 }, (_, i) => `workload-${i}`)
const systems = new Map(
  workloads.map((name, i): [string, SyntheticSystem] => {
    const prefillS = 0.05 + 0.03 * (i % 7)
    return [
      name,
      {
        prefillS,
        prefillPerS: (1 + (i % 3)) / prefillS,
        itlS: 0.005 + 0.001 * (i % 5),
        itlPerSequenceS: 5e-5 * (1 + (i % 4)),
        osl: 50 + 60 * i,
        ttftLimitMs: 1500,
      },
    ]
  }),
)
const systemOf = ({ workload }: Point) => systems.get(workload.name) as SyntheticSystem

/** Nine workloads, six ratios, fifteen loads, three repeats: 2,430 points of 90 minutes. */
const plan = ((): Plan => {
  const loads = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192]
  const plans = workloads.map(name => ({
    name,
    own: syntheticPlan(ratios, loads, systems.get(name) as SyntheticSystem, 3),
  }))
  const [first] = plans
  assert.ok(first)
  const named = ({ id, workload, ...rest }: Point, name: string): Point => ({
    ...rest,
    id: `${name}-${id}`,
    workload: { ...workload, name, isl: { kind: 'fixed', tokens: 100 + workloads.indexOf(name) } },
  })
  const deployments = first.own.deployments.map(({ deployment }, at) => ({
    deployment,
    points: plans.flatMap(({ name, own }) => (own.deployments[at]?.points ?? []).map(point => named(point, name))),
  }))
  const { generator, telemetry } = smallPlan([1]).sweep
  const pointCount = deployments.reduce((sum, { points }) => sum + points.length, 0)
  return { ...first.own, sweep: { ...first.own.sweep, generator, telemetry } as Sweep, deployments, pointCount }
})()

const never = new Promise<never>(() => {})

/** One life of the process on a clock that only work moves: dead for good from `killedAtS` on. */
async function live(folder: string, clock: { s: number }, killedAtS: number, random: { uniform(): number }) {
  const journal = await openJournal(folder, { now: () => new Date(Date.UTC(2026, 10, 1) + clock.s * 1000) })
  let isDead = false
  const afterlife = new AbortController()
  let tellDead: (end: 'killed') => void = () => {}
  const dead = new Promise<'killed'>(resolve => {
    tellDead = resolve
  })
  const die = () => {
    isDead = true
    tellDead('killed')
  }
  /** Works so many seconds, or until the end. */
  const work = async (seconds: number, signal: AbortSignal) => {
    if (clock.s + seconds >= killedAtS) {
      clock.s = Math.max(clock.s, killedAtS)
      die()
      await untilAborted(signal)
    }
    clock.s += seconds
  }
  const mortal: Journal = {
    ...journal,
    async append(event: JournalEvent) {
      if (isDead) return never
      // Writing takes no time on this clock; now and then the end comes within it.
      if (Number.isFinite(killedAtS) && killedAtS - clock.s < pointS / 20) {
        const line = encodeLine({ seq: journal.lines.length, at: new Date(0).toISOString(), event })
        await appendFile(join(folder, journalFile), line.subarray(0, Math.floor(random.uniform() * line.length)))
        clock.s = killedAtS
        die()
        await never
      }
      return journal.append(event)
    },
  }
  const ended = runSweep(plan, {
    run: { folder, journal: mortal, attempt: 1 },
    deployer: scriptedDeployer({ reconcile: (_, signal) => work(redeployS, signal) }),
    generator: scriptedGenerator(async (point, { signal }) => {
      await work(pointS, signal)
      const { measurement } = resultOf(point, systemOf(point))
      assert.ok(measurement)
      return measurement
    }),
    judge: () => [],
    signal: afterlife.signal,
    clockMs: () => clock.s * 1000,
  })
  const end = await Promise.race([ended, dead])
  // A dead process has no timers; it writes nothing more.
  afterlife.abort()
  await journal.close()
  return { end, lines: [...journal.lines] }
}

async function inScratch<T>(of: (folder: string) => Promise<T>): Promise<T> {
  // Syncing to a real disk is tested elsewhere.
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fulcrum-week-'))
  try {
    return await of(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const idsOf = (lines: readonly { readonly event: JournalEvent }[]) =>
  lines.flatMap(({ event }) => (event.type === 'point' ? [event.result.point.id] : []))

test(`an adaptive sweep of a week that is killed ${kills} times at random moments measures what one does that is left alone, in the same order, and loses what was in flight`, async () => {
  const alone = await inScratch(async folder => {
    const clock = { s: 0 }
    const { end, lines } = await live(folder, clock, Number.POSITIVE_INFINITY, createRandom(0))
    assert.ok(end !== 'killed' && end.outcome === 'complete')
    return { ids: idsOf(lines), lastsS: clock.s, skipped: end.points.skipped }
  })
  assert.ok(alone.lastsS > weekS, `${alone.lastsS / 3600} h`)
  assert.ok(alone.skipped > 0)

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 30 }), seed =>
      inScratch(async folder => {
        const random = createRandom(seed)
        const clock = { s: 0 }
        let killed = 0
        for (;;) {
          // Lives of an hour and a half on average: kills fall into deployments, points and lines.
          const lifeS = killed < kills ? -pointS * Math.log(1 - random.uniform()) : Number.POSITIVE_INFINITY
          const { end, lines } = await live(folder, clock, clock.s + lifeS, random)
          if (end === 'killed') {
            killed++
            continue
          }
          assert.equal(end.outcome, 'complete')
          assert.equal(end.points.missing, 0)
          assert.deepEqual(idsOf(lines), alone.ids)
          assert.equal(end.points.skipped, alone.skipped)
          assert.equal(killed, kills)
          assert.ok(clock.s <= alone.lastsS + kills * (2 * redeployS + pointS), `${clock.s / 3600} h`)
          return
        }
      }),
    ),
    { numRuns: 1 },
  )
})
