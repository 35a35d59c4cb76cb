// Test part: load

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { delta, done, finish, parts, scriptedServer } from '../../mock-server/scripted.ts'
import { measureAt, pointOf } from './setting.ts'

const stepMs = 10

/** What is passed on after a step: so many tokens that are ready, of so many that have been sent, of so many in all. */
type Release = (ready: number, sent: number, tokens: number, socket: Socket) => number

/** Measures 12 answers of a server that generates a token every 10 ms and passes on what `release` says. */
async function measured(tokens: number, release: Release): Promise<Measurement> {
  const answer = async (socket: Socket) => {
    const startedMs = performance.now()
    socket.setNoDelay(true)
    socket.write(parts.streamHead)
    for (let sent = 0; sent < tokens; ) {
      await new Promise(resolve => setTimeout(resolve, 1))
      const ready = Math.min(tokens, Math.floor((performance.now() - startedMs) / stepMs))
      const more = release(ready, sent, tokens, socket)
      if (more > 0) socket.write(delta(' token').repeat(more))
      sent += more
    }
    socket.write(`${finish(tokens)}${done}${parts.last}`)
  }
  await using server = await scriptedServer(socket => void answer(socket))
  return await measureAt(server.url, {
    workload: { osl: { kind: 'fixed', tokens } },
    load: { level: { kind: 'concurrency', concurrency: 2 }, requests: 12 },
  })
}

/** One at a time, even if this busy machine wakes up late. */
const atOnce: Release = (ready, sent) => Math.min(1, ready - sent)
/** Nothing until so many tokens are ready. */
const firstHeld =
  (tokens: number): Release =>
  (ready, sent) =>
    sent > 0 ? Math.min(1, ready - sent) : ready < tokens ? 0 : tokens
const bundles =
  (size: number): Release =>
  (ready, sent, tokens) =>
    ready === tokens ? ready - sent : Math.floor((ready - sent) / size) * size

const codes = (measurement: Measurement) =>
  judge(pointOf(), measurement)
    .map(({ code }) => code)
    .filter(code => /chunk|piece/.test(code))

const near = (value: number | undefined, wanted: number, share: number) =>
  assert.ok(Math.abs((value ?? Number.NaN) / wanted - 1) <= share, `${value}, wanted ${wanted}`)

describe('a server that generates a token every 10 ms', () => {
  it('and passes on each of them has an ITL of 10 ms, and no finding', async () => {
    const measurement = await measured(24, atOnce)
    near(measurement.itlMs?.mean, stepMs, 0.15)
    assert.deepEqual(codes(measurement), [])
  })

  it('and holds back the first 6 has an ITL of 10 ms, and the delay is named', async () => {
    const measurement = await measured(24, firstHeld(6))
    near(measurement.itlMs?.mean, stepMs, 0.15)
    near(measurement.outputTokensPerSPerUser?.mean, 1000 / stepMs, 0.15)
    near(measurement.delivery?.lateFirst?.heldMs, 5 * stepMs, 0.25)
    assert.ok((measurement.delivery?.plainOutputTokensPerSPerUser ?? 0) > 1.15 * (1000 / stepMs))
    assert.deepEqual(codes(measurement), ['late-first-chunk'])
  })

  it('and holds back 6 of 7 has none that can be told', async () => {
    const measurement = await measured(7, firstHeld(6))
    assert.deepEqual([measurement.itlMs, measurement.outputTokensPerSPerUser], [null, null])
    assert.deepEqual(codes(measurement), ['one-piece-answers'])
  })

  it('and passes them on six at a time has an ITL of 10 ms, and a note', async () => {
    const measurement = await measured(36, bundles(6))
    near(measurement.itlMs?.mean, stepMs, 0.15)
    assert.deepEqual(codes(measurement), ['bundled-chunks'])
  })

  it('and holds back the last one for 60 ms is found', async () => {
    const readySince = new Map<Socket, number>()
    const measurement = await measured(24, (ready, sent, tokens, socket) => {
      if (ready < tokens || sent < tokens - 1) {
        readySince.delete(socket)
        return Math.min(1, Math.min(ready, tokens - 1) - sent)
      }
      const sinceMs = readySince.get(socket) ?? performance.now()
      readySince.set(socket, sinceMs)
      return performance.now() - sinceMs < 60 ? 0 : 1
    })
    assert.deepEqual(codes(measurement), ['late-last-chunk'])
  })
})
