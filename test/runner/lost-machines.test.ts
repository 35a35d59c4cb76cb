// Test part: process

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noRoomLeft } from '../../src/deployers/deployer.ts'
import { simulated } from '../../src/deployers/simulated/index.ts'
import { FulcrumError, gpusOf } from '../../src/model/index.ts'
import { scratchRun } from './run-in-scratch.ts'
import { scriptedDeployer, scriptedGenerator, smallPlan, untilAborted } from './small-system.ts'

const plan = smallPlan([1, 2])

/** A deployer that has lost machines: three GPUs no longer fit. */
const withTwoGpus = () =>
  scriptedDeployer({
    reconcile: wanted => {
      if (gpusOf(wanted) > 2) throw new FulcrumError('failed', noRoomLeft, 'it does not fit; node south is gone')
    },
  })

describe('a run that loses machines', () => {
  test('measures what still fits, leaves the rest missing, and says why', async () => {
    await using run = await scratchRun(plan)
    const deployer = withTwoGpus()
    const outcome = await run.attempt({ deployer })
    assert.deepEqual([outcome.outcome, outcome.exitCode, outcome.error?.code], ['failed', 3, 'machines-lost'])
    assert.deepEqual([outcome.points.ok, outcome.points.missing], [4, 2])
    assert.match(outcome.reason, /^1 deployment could not run because machines were lost: 2P1D\. .*node south is gone/)
    assert.equal(deployer.wanted.length, 3)
  })

  test('records a deployment that has no room as not run, and none of its points', async () => {
    await using run = await scratchRun(plan)
    await run.attempt({ deployer: withTwoGpus() })
    const events = await run.events()
    const outcomes = events.flatMap(event => (event.type === 'deployment' ? [event.outcome] : []))
    assert.deepEqual(outcomes, ['ready', 'ready', 'not-run'])
    assert.equal((await run.points()).length, 4)
  })

  test('tries it again when it is resumed', async () => {
    await using run = await scratchRun(plan)
    await run.attempt({ deployer: withTwoGpus() })
    const [deployer, generator] = [scriptedDeployer(), scriptedGenerator()]
    const outcome = await run.attempt({ deployer, generator })
    assert.deepEqual([outcome.outcome, outcome.exitCode, outcome.points.ok], ['complete', 0, 6])
    assert.deepEqual([deployer.wanted.length, generator.asked.length], [1, 2])
  })

  const searched = { search: 'adaptive', deploy: simulated.of({ profile: 'p' }) } as const
  test('goes on within an adaptive search too', async () => {
    const three = smallPlan([1, 2, 4])
    await using run = await scratchRun({ ...three, sweep: { ...three.sweep, ...searched } })
    // A search wants a look at prefill and decode workers, of which it knows nothing.
    const deployer = scriptedDeployer({
      reconcile: ({ topology }) => {
        if (topology.kind === 'disaggregated') throw new FulcrumError('failed', noRoomLeft, 'it does not fit')
      },
    })
    const outcome = await run.attempt({ deployer })
    assert.equal(outcome.error?.code, 'machines-lost')
    assert.ok(outcome.points.ok >= 2)
  })

  test('notes the machine in the journal when it is lost, and when it is back', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer()
    const telling = {
      ...deployer,
      reconcile: (...[wanted, context]: Parameters<typeof deployer.reconcile>) => {
        context.onEvent({ kind: 'lost', what: 'node south', why: 'it does not answer' })
        context.onEvent({ kind: 'back', what: 'node north' })
        return deployer.reconcile(wanted, context)
      },
    }
    await run.attempt({ deployer: telling })
    const notes = (await run.events()).flatMap(event => (event.type === 'note' ? [event.message] : []))
    assert.deepEqual(notes.slice(0, 2), [
      'Lost node south: it does not answer. Continuing without it.',
      'node north is available again',
    ])
  })

  test('gives a point up that hangs on what has ended, and names what ended', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer({
      check: () => ['node south does not answer'],
      broken: () => Promise.resolve(),
    })
    const generator = scriptedGenerator((_, { signal }) => untilAborted(signal))
    const outcome = await run.attempt({ deployer, generator, brokenGraceMs: 5 })
    const [first] = await run.points()
    assert.equal(first?.result.status, 'failed')
    assert.deepEqual(
      first?.result.findings.map(({ code }) => code),
      ['deployment-ended', 'deployment-broke'],
    )
    assert.match(first?.result.reason ?? '', /node south does not answer/)
    assert.equal(outcome.outcome, 'complete')
  })
})
