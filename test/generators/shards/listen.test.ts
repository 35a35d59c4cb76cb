// Test part: process

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { listenForCoordinators } from '../../../src/generators/shards/listen.ts'
import { createDecoder, type FromShard } from '../../../src/generators/shards/wire.ts'

/** A shard that waits for coordinators on a free port. */
function listening(idleMs?: number) {
  const stop = new AbortController()
  const port = Promise.withResolvers<number>()
  const ended = listenForCoordinators({
    port: 0,
    signal: stop.signal,
    onListening: port.resolve,
    ...(idleMs === undefined ? {} : { idleMs }),
  })
  return { port: port.promise, ended, stop: () => stop.abort() }
}

/** Connects, and waits for the first message. */
async function greeted(port: number): Promise<{ socket: Socket; hello: FromShard | null }> {
  const socket = connect(port, '127.0.0.1')
  const [line] = await once(createInterface({ input: socket }), 'line')
  const heard = createDecoder<FromShard>()(String(line))
  return { socket, hello: typeof heard === 'string' ? null : heard.message }
}

test('a coordinator that connects gets a shard of its own, which says hello', async () => {
  const { port, ended, stop } = listening()
  const { socket, hello } = await greeted(await port)
  assert.equal(hello?.kind, 'hello')
  socket.destroy()
  stop()
  assert.equal(await ended, 'aborted')
})

test('a second coordinator takes over, and the first one is let go', async () => {
  const { port, ended, stop } = listening()
  const first = await greeted(await port)
  const gone = once(first.socket, 'close')
  const second = await greeted(await port)
  assert.equal(second.hello?.kind, 'hello')
  await gone
  stop()
  await once(second.socket, 'close')
  assert.equal(await ended, 'aborted')
})

test('a shard that nobody comes to gives up', async () => {
  assert.equal(await listening(50).ended, 'idle')
})

test('a shard whose coordinator has gone waits for another before it gives up', async () => {
  const { port, ended } = listening(300)
  const { socket } = await greeted(await port)
  socket.destroy()
  assert.equal(await ended, 'idle')
})
