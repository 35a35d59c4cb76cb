// Test part: load

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { answer, parts, scriptedServer } from '../../mock-server/scripted.ts'
import { type MeasureSetting, measureAt } from './setting.ts'

/** What the server does with a connection's n-th request (from 0). */
type OfConnection = (socket: Socket, n: number) => void

/** Measures against such a server; also how often it saw each body. */
async function measureConnections(does: OfConnection, setting: MeasureSetting = {}) {
  const taken = new WeakMap<Socket, number>()
  const seen = new Map<string, number>()
  await using server = await scriptedServer((socket, request) => {
    const n = taken.get(socket) ?? 0
    taken.set(socket, n + 1)
    const body = request.body.toString()
    seen.set(body, (seen.get(body) ?? 0) + 1)
    does(socket, n)
  })
  const load = { level: { kind: 'concurrency', concurrency: 1 }, requests: 6, dataset: 6, ...setting.load } as const
  const measurement = await measureAt(server.url, { ...setting, load })
  return { measurement, sent: server.requests.length, mostOfOne: Math.max(...seen.values()) }
}

const remarksOf = ({ remarks = [] }: Measurement) =>
  remarks.map(({ severity, code, message }) => [severity, code, message])

/**
 * Answers a connection's first request, and closes it when the second one has arrived, as a proxy with a short patience
 * does.
 */
const closesWhenIdle: OfConnection = (socket, n) => void (n === 0 ? socket.write(answer(4)) : socket.end())

describe('a kept-alive connection that the server closes under the next request', () => {
  test('costs nothing but a second try on a new connection, which is counted and said', async () => {
    const { measurement, sent, mostOfOne } = await measureConnections(closesWhenIdle)
    assert.deepEqual(measurement.requests, { sent: 6, completed: 6, failed: 0 })
    assert.deepEqual(measurement.errors, [])
    // The second request meets the closed connection; the new one has then brought an answer, and is closed under the
    // third.
    assert.deepEqual([sent, mostOfOne], [11, 2])
    const [[severity, code, message] = []] = remarksOf(measurement)
    assert.deepEqual([severity, code], ['warning', 'requests-resent'])
    assert.match(message ?? '', /^5 of 6 requests went out twice/)
  })

  test('is the same when it resets it', async () => {
    const { measurement, sent } = await measureConnections((socket, n) =>
      n === 0 ? void socket.write(answer(4)) : void socket.resetAndDestroy(),
    )
    assert.deepEqual([measurement.requests.completed, sent], [6, 11])
  })

  test('is part of the latency, which counts from the first send', async () => {
    const waitMs = 40
    const { measurement } = await measureConnections((socket, n) => {
      if (n === 0) socket.write(answer(4))
      else setTimeout(() => socket.end(), waitMs)
    })
    assert.ok((measurement.ttftMs?.max ?? 0) >= waitMs - 1)
  })
})

describe('a request is never sent again', () => {
  test('on a connection that was new, whatever its server does', async () => {
    const { measurement, sent, mostOfOne } = await measureConnections(socket => void socket.end())
    assert.deepEqual([measurement.requests.failed, sent, mostOfOne], [6, 6, 1])
    assert.deepEqual(
      measurement.errors.map(({ kind, count }) => [kind, count]),
      [['broken-stream', 6]],
    )
    assert.deepEqual(remarksOf(measurement), [])
  })

  test('when a byte of the answer has come', async () => {
    const { measurement, sent } = await measureConnections((socket, n) =>
      n === 0 ? void socket.write(answer(4)) : void socket.end('H'),
    )
    assert.deepEqual([measurement.requests.failed, sent], [3, 6])
    assert.deepEqual(remarksOf(measurement), [])
  })

  test('when a head has come and no token', async () => {
    const { measurement, sent } = await measureConnections((socket, n) =>
      n === 0 ? void socket.write(answer(4)) : void socket.end(parts.streamHead),
    )
    assert.deepEqual([measurement.requests.failed, sent], [3, 6])
  })

  test('twice', async () => {
    let closing = 0
    const { measurement, mostOfOne } = await measureConnections((socket, n) => {
      // Two closes in a row: the one of the idle connection, and the one of the new connection after it.
      if (n === 0 && closing !== 1) return void socket.write(answer(4))
      closing = (closing + 1) % 3
      socket.end()
    })
    assert.ok(measurement.requests.failed > 0)
    assert.equal(mostOfOne, 2)
  })

  test('beyond its deadline, which holds over both tries', async () => {
    let isSilent = false
    const { measurement } = await measureConnections(
      (socket, n) => {
        if (n > 0) socket.end()
        else if (!isSilent) socket.write(answer(4))
        isSilent = true
      },
      { load: { requests: 2, dataset: 2, timeoutMs: 300 } },
    )
    assert.deepEqual(
      measurement.errors.map(({ kind }) => kind),
      ['timeout'],
    )
  })
})
