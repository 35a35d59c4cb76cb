import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Load, Point } from '../../src/model/index.ts'
import { pointDeadlineMs, within } from '../../src/runner/deadline.ts'
import { smallPlan, untilAborted } from './small-system.ts'

const never = new AbortController().signal

describe('work within a deadline', () => {
  test('gives its result', async () => {
    assert.equal(await within(1000, 'It', never, async () => 7), 7)
  })

  test('gives its own error', async () => {
    await assert.rejects(
      within(1000, 'It', never, () => Promise.reject(new Error('own'))),
      /own/,
    )
  })

  test('is asked to stop when late, and that is the error', async () => {
    await assert.rejects(within(5, 'It', never, untilAborted), { kind: 'failed', code: 'deadline' })
  })

  test('ends with the user’s reason when aborted, whatever error the work makes of it', async () => {
    const stop = new AbortController()
    const work = within(1000, 'It', stop.signal, async signal => {
      await untilAborted(signal).catch(() => undefined)
      throw new Error('socket closed')
    })
    stop.abort(new Error('interrupted'))
    await assert.rejects(work, /interrupted/)
  })

  test('is left behind when it does not stop', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const work = within(1000, 'It', never, () => new Promise(() => undefined))
    t.mock.timers.tick(1000)
    t.mock.timers.tick(15_000)
    await assert.rejects(work, { code: 'deadline' })
  })

  test('does not begin when already aborted', async () => {
    let begun = false
    const work = within(1000, 'It', AbortSignal.abort(new Error('no')), async () => {
      begun = true
    })
    await assert.rejects(work, /no/)
    assert.equal(begun, false)
  })
})

describe('a point’s deadline', () => {
  const [point] = smallPlan([4]).deployments[0]?.points ?? []
  const withLoad = (load: Partial<Load>): Point => {
    assert.ok(point)
    return { ...point, load: { ...point.load, ...load } }
  }
  const overheadMs = 300_000

  test('lets every request of every slot run into its own deadline, and the one that holds the load', () => {
    const load = withLoad({ requests: 40, warmup: 8, timeoutMs: 10_000 })
    assert.equal(pointDeadlineMs(load), overheadMs + 13 * 10_000)
    assert.equal(pointDeadlineMs(withLoad({ ...load.load, window: 'whole' })), overheadMs + 12 * 10_000)
  })

  test('adds the measured duration and its grace', () => {
    const { requests: _, ...load } = withLoad({}).load
    const timed = { ...withLoad({}), load: { ...load, warmup: 0, durationS: 600, graceS: 30, timeoutMs: 10_000 } }
    assert.equal(pointDeadlineMs(timed), overheadMs + 10_000 + 630_000)
  })

  test('adds the time that an open loop needs to send, before its window and in it', () => {
    const level = { kind: 'rate', requestsPerS: 2, arrivals: { kind: 'constant' } } as const
    const open = withLoad({ level, requests: 100, warmup: 0, timeoutMs: 10_000 })
    assert.equal(pointDeadlineMs(open), overheadMs + 2 * 10_000 + 2 * 50_000)
  })

  test('gives up on a server that answers nothing after an hour at most', () => {
    assert.equal(pointDeadlineMs(withLoad({ requests: 4000, timeoutMs: 600_000 })), overheadMs + 3_600_000)
  })
})
