import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { prefillTakesPart } from '../../../src/deployers/dynamo/prefill-part.ts'

const { signal } = new AbortController()

/** A router that sends every other request past its prefill worker until it has seen `until` of them. */
function routerThatWakesUp(until: number) {
  let seen = 0
  let prefilled = 0
  return {
    seen: () => seen,
    probe: async () => {
      seen++
      if (seen > until || seen % 2 === 0) prefilled++
    },
    takenUp: async () => prefilled,
  }
}

describe('a disaggregated deployment is ready', () => {
  it('when its prefill workers have taken up every probe of a row', async () => {
    const router = routerThatWakesUp(0)
    assert.equal(await prefillTakesPart(router, 30_000, signal), true)
    assert.equal(router.seen(), 4)
  })

  it('not before: probes go on, in longer rows, until none is answered past them', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const router = routerThatWakesUp(9)
      const ready = prefillTakesPart(router, 30_000, signal)
      while (router.seen() < 20) {
        await new Promise(setImmediate)
        mock.timers.tick(500)
      }
      assert.equal(await ready, true)
      assert.equal(router.seen(), 4 + 8 + 8)
    } finally {
      mock.timers.reset()
    }
  })

  it('or goes on without when a router keeps prompts from prefill workers for good', async () => {
    assert.equal(await prefillTakesPart({ probe: async () => {}, takenUp: async () => 0 }, 0, signal), false)
  })

  it('or when prefill workers can’t be asked', async () => {
    assert.equal(await prefillTakesPart({ probe: async () => {}, takenUp: async () => null }, 30_000, signal), true)
  })
})
