// Test part: load

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ErrorKind, Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import type { Script } from '../../mock-server/scripted.ts'
import { answer, delta, done, finish, jsonResponse, parts, scriptedServer } from '../../mock-server/scripted.ts'
import type { MeasureSetting } from './setting.ts'
import { measureAt, pointOf } from './setting.ts'

async function measureScript(script: Script, setting: MeasureSetting = {}): Promise<Measurement> {
  await using server = await scriptedServer(script)
  return await measureAt(server.url, setting)
}

function kinds(measurement: Measurement): Partial<Record<ErrorKind, number>> {
  return Object.fromEntries(measurement.errors.map(({ kind, count }) => [kind, count]))
}

const example = (measurement: Measurement) => measurement.errors[0]?.example ?? ''

/** Every second request is answered, so that the generator must go on after each fault. */
const everySecond =
  (fault: Script): Script =>
  (socket, request, n) => {
    if (n % 2 === 0) socket.write(answer(4))
    else fault(socket, request, n)
  }

test('a refused connection fails its request, and all requests are counted', async () => {
  const server = await scriptedServer(() => {})
  await server[Symbol.asyncDispose]()
  const measurement = await measureAt(server.url)
  assert.deepEqual(measurement.requests, { sent: 6, completed: 0, failed: 6 })
  assert.deepEqual(kinds(measurement), { connect: 6 })
  assert.match(example(measurement), /ECONNREFUSED/)
})

test('a reset after some chunks is a broken stream', async () => {
  const script = everySecond(socket => {
    socket.write(`${parts.streamHead}${delta('a')}${delta('b')}`, () => setTimeout(() => socket.resetAndDestroy(), 20))
  })
  const measurement = await measureScript(script)
  assert.deepEqual(kinds(measurement), { 'broken-stream': 3 })
  assert.equal(measurement.requests.completed, 3)
  assert.match(example(measurement), /ECONNRESET/)
})

test('a stream that ends without [DONE] and finish_reason is broken', async () => {
  const measurement = await measureScript(
    everySecond(socket => socket.write(`${parts.streamHead}${delta('a')}${parts.last}`)),
  )
  assert.deepEqual(kinds(measurement), { 'broken-stream': 3 })
})

test('half a stream and a closed connection is broken', async () => {
  const measurement = await measureScript(
    everySecond(socket => socket.end(`${parts.streamHead}${delta('a')}40\r\ndata: {"cho`)),
  )
  assert.deepEqual(kinds(measurement), { 'broken-stream': 3 })
})

test('a connection closed without an answer is a broken stream', async () => {
  const measurement = await measureScript(socket => socket.end())
  assert.deepEqual(kinds(measurement), { 'broken-stream': 6 })
  assert.match(example(measurement), /without an answer/)
})

test('429 is counted with the time to come again, and never retried', async () => {
  await using server = await scriptedServer(socket =>
    socket.write(jsonResponse('429 Too Many Requests', { error: 'slow down' }, ['Retry-After: 7'])),
  )
  const measurement = await measureAt(server.url)
  assert.deepEqual(kinds(measurement), { 'http-status': 6 })
  assert.equal(server.requests.length, 6)
  assert.match(example(measurement), /HTTP 429 \(Retry-After: 7\)/)
})

test('500 with a body of 10 MB is one short message, and its connection goes on', async () => {
  await using server = await scriptedServer(
    everySecond(socket => socket.write(jsonResponse('500 Internal Server Error', 'x'.repeat(10_000_000)))),
  )
  const measurement = await measureAt(server.url, { load: { level: { kind: 'concurrency', concurrency: 1 } } })
  assert.deepEqual(kinds(measurement), { 'http-status': 3 })
  assert.ok(example(measurement).length <= 500)
  assert.equal(server.connections(), 1)
})

test('garbage is a bad response', async () => {
  const measurement = await measureScript(everySecond(socket => socket.write('\u0000\u0001 not HTTP at all')))
  assert.deepEqual(kinds(measurement), { 'bad-response': 3 })
})

test('garbage inside a stream is a bad response', async () => {
  const script = everySecond(socket =>
    socket.write(`${parts.streamHead}${parts.chunked('data: {"choices":[\n\n')}${parts.last}`),
  )
  assert.deepEqual(kinds(await measureScript(script)), { 'bad-response': 3 })
})

test('an error inside HTTP 200 is a server error', async () => {
  const fault = parts.event({ error: { message: 'no worker', code: 503 } })
  const measurement = await measureScript(
    everySecond(socket => socket.write(`${parts.streamHead}${delta('a')}${fault}${parts.last}`)),
  )
  assert.deepEqual(kinds(measurement), { 'server-error': 3 })
  assert.match(example(measurement), /no worker/)
})

test('fewer tokens than asked for are short output', async () => {
  const measurement = await measureScript(everySecond(socket => socket.write(answer(3))))
  assert.deepEqual(kinds(measurement), { 'short-output': 3 })
})

test('a server that stalls runs into the deadline of its request only', async () => {
  const script = everySecond(socket => socket.write(`${parts.streamHead}${delta('a')}`))
  const measurement = await measureScript(script, { load: { timeoutMs: 200 } })
  assert.deepEqual(kinds(measurement), { timeout: 3 })
  assert.equal(measurement.requests.completed, 3)
  assert.match(example(measurement), /1 chunks had arrived/)
  const finding = judge(pointOf(), measurement).find(({ code }) => code === 'error-share')
  assert.match(
    finding?.message ?? '',
    /3 of 6 requests failed .* timeout \(3\): no complete answer within the deadline/,
  )
})

test('a server that never ends its body after [DONE] is an answer', async () => {
  const script: Script = socket => socket.write(`${parts.streamHead}${delta('a').repeat(4)}${finish(4)}${done}`)
  assert.deepEqual((await measureScript(script)).requests, { sent: 6, completed: 6, failed: 0 })
})

test('a server that closes each connection is met by a new one, without an error', async () => {
  await using server = await scriptedServer(socket =>
    socket.end(answer(4).replace('\r\n', '\r\nConnection: close\r\n')),
  )
  const measurement = await measureAt(server.url)
  assert.deepEqual(measurement.errors, [])
  assert.ok(server.connections() >= 6)
})

test('answers whose end comes in a packet of its own keep their connection', async () => {
  await using server = await scriptedServer(socket => {
    socket.write(answer(4).slice(0, -parts.last.length))
    setTimeout(() => socket.write(parts.last), 5)
  })
  const measurement = await measureAt(server.url)
  assert.deepEqual(measurement.errors, [])
  assert.equal(server.connections(), 2)
})

const fixture = (name: string) => readFile(join(import.meta.dirname, 'fixtures', name), 'utf8')

test('a certificate that nobody vouches for is a TLS failure', async () => {
  const tls = { key: await fixture('localhost-key.pem'), cert: await fixture('localhost-cert.pem') }
  await using server = await scriptedServer(socket => socket.write(answer(4)), { tls })
  assert.deepEqual(kinds(await measureAt(server.url)), { tls: 6 })
})

test('TLS works with a certificate that is trusted', async () => {
  const tls = { key: await fixture('localhost-key.pem'), cert: await fixture('localhost-cert.pem') }
  await using server = await scriptedServer(socket => socket.write(answer(4)), { tls })
  assert.deepEqual((await measureAt(server.url, { ca: tls.cert })).requests, { sent: 6, completed: 6, failed: 0 })
})

test('a plain server where TLS was asked for is a TLS failure', async () => {
  const server = createServer(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  assert.deepEqual(kinds(await measureAt(`https://127.0.0.1:${port}`)), { tls: 6 })
  server.close()
})

test('a handshake that is never answered runs into the deadline', async () => {
  await using server = await scriptedServer(() => {})
  const measurement = await measureAt(server.url.replace('http:', 'https:'), { load: { timeoutMs: 100, requests: 2 } })
  assert.deepEqual(kinds(measurement), { timeout: 2 })
})

test('secrets that a server repeats stay out of the example', async () => {
  const script: Script = (socket, request) => {
    const token = /Authorization: (.*)\r/.exec(request.head)?.[1]
    socket.write(jsonResponse('401 Unauthorized', { error: `bad token ${token}` }))
  }
  const measurement = await measureScript(script, {
    env: { MY_TOKEN: 'correct-horse-battery' },
    endpoint: { apiKeyEnv: 'MY_TOKEN' },
  })
  assert.deepEqual(kinds(measurement), { 'http-status': 6 })
  assert.doesNotMatch(JSON.stringify(measurement), /correct-horse/)
})
