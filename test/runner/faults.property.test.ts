// Test part: process

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JournalEvent } from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { scratchRun } from './run-in-scratch.ts'
import { measurementOf, scriptedDeployer, scriptedGenerator, smallPlan, untilAborted } from './small-system.ts'

const plan = smallPlan([1, 2])
const ids = plan.deployments.flatMap(({ points }) => points.map(point => point.id))

const fault = (kind: FulcrumError['kind']) => new FulcrumError(kind, 'scripted', 'scripted')
const mostAttempts = 60

/** Syncing to a real disk is tested elsewhere; here many runs matter. */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** What the system does, call by call; all is well when the script is over. */
const script = fc.record({
  reconciles: fc.array(fc.constantFrom('ok', 'fails', 'environment'), { maxLength: 6 }),
  measures: fc.array(fc.constantFrom('ok', 'fails', 'breaks', 'interrupted', 'environment'), { maxLength: 12 }),
})

const resultsOf = (events: readonly JournalEvent[], id: string) =>
  events.flatMap(event => (event.type === 'point' && event.result.point.id === id ? [event.result] : []))

test('whatever fails, breaks or is interrupted: attempts come to an end, every point is settled, none measured again without need', async () => {
  await fc.assert(
    fc.asyncProperty(script, async ({ reconciles, measures }) => {
      await using run = await scratchRun(plan, inMemory)
      const [reconcilesLeft, measuresLeft] = [reconciles.toReversed(), measures.toReversed()]
      let outcome = null
      let attempts = 0
      do {
        const stop = new AbortController()
        let broken = false
        const deployer = scriptedDeployer({
          reconcile: () => {
            const next = reconcilesLeft.pop() ?? 'ok'
            if (next !== 'ok') throw fault(next === 'fails' ? 'failed' : 'environment')
            broken = false
          },
          check: () => (broken ? ['decode-0 is gone'] : []),
        })
        const generator = scriptedGenerator((point, { signal }) => {
          const next = measuresLeft.pop() ?? 'ok'
          if (next === 'interrupted') {
            stop.abort(new Error('interrupted'))
            return untilAborted(signal)
          }
          if (next === 'fails' || next === 'environment') throw fault(next === 'fails' ? 'failed' : 'environment')
          broken = next === 'breaks'
          return measurementOf(point)
        })
        outcome = await run.attempt({ deployer, generator, signal: stop.signal })
        assert.deepEqual([deployer.closed(), generator.closed()], [1, 1])
        assert.ok(++attempts < mostAttempts)
      } while (outcome.outcome !== 'complete')

      const events = await run.events()
      assert.equal(outcome.points.missing, 0)
      for (const id of ids) {
        const results = resultsOf(events, id)
        assert.ok(results.length === 1 || results.length === 2)
        const first = results[0]
        const broke = first?.findings.some(finding => finding.code === 'deployment-broke')
        assert.equal(results.length === 2, broke === true)
      }
      const again = await run.attempt()
      assert.equal(again.measured, 0)
    }),
    { numRuns: 40 },
  )
})
