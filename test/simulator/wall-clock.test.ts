import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { createEngine } from '../../src/simulator/engine.ts'
import type { EngineRequest } from '../../src/simulator/request.ts'
import { engineRequest } from '../../src/simulator/request.ts'
import { driveByWallClock } from '../../src/simulator/wall-clock.ts'
import { profile } from './profile-under-test.ts'

function deployed() {
  const engine = createEngine({ profile })
  engine.addWorker('prefill', {}, 0)
  engine.addWorker('decode', {}, 0)
  return engine
}

const someRequests = (): EngineRequest[] =>
  [0, 3, 4, 250].map(arrivedMs => engineRequest({ promptTokens: 700, outputTokens: 20, arrivedMs }))

describe('an engine on the wall clock', () => {
  test('ends requests at the times of virtual time, however late its timers are', () => {
    const exact = someRequests()
    const virtual = deployed()
    for (const request of exact) {
      virtual.advanceTo(request.arrivedMs)
      virtual.submit(request)
    }
    virtual.advanceTo(Number.POSITIVE_INFINITY)

    const late = someRequests()
    const engine = deployed()
    let nowMs = 0
    mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
    try {
      const drive = driveByWallClock(engine, () => nowMs)
      for (const request of late) {
        // Time jumps in uneven steps, up to 13 ms past what is due.
        for (; nowMs < request.arrivedMs; nowMs += 13) mock.timers.tick(13)
        engine.advanceTo(request.arrivedMs)
        engine.submit(request)
        drive.wake()
      }
      for (let step = 0; step < 200; step++) {
        nowMs += 1 + (step % 13)
        mock.timers.tick(14)
      }
      assert.deepEqual(
        late.map(request => request.finishedMs),
        exact.map(request => request.finishedMs),
      )
      const { events, maxMs, sumMs } = drive.lateness()
      assert.ok(events > 0 && maxMs > 0 && sumMs >= maxMs)
    } finally {
      mock.timers.reset()
    }
  })

  test('sets no timer while nothing is due', () => {
    mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
    try {
      const drive = driveByWallClock(deployed(), () => 0)
      drive.wake()
      mock.timers.tick(10_000)
      assert.equal(drive.lateness().events, 0)
    } finally {
      mock.timers.reset()
    }
  })
})
