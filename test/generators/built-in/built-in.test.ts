// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import { measureAt } from './setting.ts'

const instant = () => scriptedServer(socket => socket.write(answer(4)))

test('a closed loop sends as many requests as asked, over as many connections as slots', async () => {
  await using server = await instant()
  const measurement = await measureAt(server.url, {
    load: { level: { kind: 'concurrency', concurrency: 3 }, requests: 12 },
  })
  assert.deepEqual(measurement.requests, { sent: 12, completed: 12, failed: 0 })
  assert.equal(server.connections(), 3)
  assert.equal(measurement.totals.outputTokens, 48)
  assert.equal(measurement.totals.chunks, 48)
  assert.equal(measurement.tokenSource, 'usage')
})

test('a single wave holds its concurrency although no slot gets a second request', async () => {
  await using server = await scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 300))
  const load = { level: { kind: 'concurrency', concurrency: 50 }, requests: 50 } as const
  const { client } = await measureAt(server.url, { load })
  assert.equal(client.inFlight?.max, 50)
  assert.ok((client.inFlight?.held ?? 0) > 0.8, `held for ${client.inFlight?.held} of the time in which it could be`)
})

test('warm-up requests are sent first and not counted', async () => {
  await using server = await instant()
  const measurement = await measureAt(server.url, { load: { warmup: 5, requests: 6, window: 'whole' } })
  assert.equal(server.requests.length, 11)
  assert.equal(measurement.requests.sent, 6)
  assert.equal(measurement.interChunkMs?.count, 18)
})

test('prompts are taken in the order of the set, warm-up first, over and over', async () => {
  await using server = await instant()
  const level = { kind: 'concurrency', concurrency: 1 } as const
  const load = { level, warmup: 1, requests: 4, dataset: 3, window: 'whole' } as const
  await measureAt(server.url, { load })
  const bodies = server.requests.map(request => request.body.toString())
  assert.equal(new Set(bodies).size, 3)
  assert.equal(bodies[3], bodies[0])
  assert.equal(bodies[4], bodies[1])
})

test('several threads share one load and lose none of it', async () => {
  await using server = await instant()
  const load = { level: { kind: 'concurrency', concurrency: 5 }, requests: 50, warmup: 5 } as const
  const measurement = await measureAt(server.url, { load, threads: 3 })
  assert.deepEqual(measurement.requests, { sent: 50, completed: 50, failed: 0 })
  assert.equal(measurement.client.threads, 3)
  assert.equal(measurement.interChunkMs?.count, 150)
  assert.equal(measurement.ttftMs?.count, 50)
  assert.equal(server.connections(), 5)
})

test('an open loop sends on schedule whatever the answers do, and opens what connections it needs', async () => {
  await using server = await scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 100))
  const measurement = await measureAt(server.url, {
    load: { level: { kind: 'rate', requestsPerS: 200, arrivals: { kind: 'constant' } }, requests: 20 },
  })
  assert.deepEqual(measurement.requests, { sent: 20, completed: 20, failed: 0 })
  assert.ok((measurement.client.inFlight?.max ?? 0) >= 10)
  assert.notEqual(measurement.fromSend, null)
})

test('an open loop held at a concurrency counts the time a request waited for its turn', async () => {
  await using server = await scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 30))
  const level = { kind: 'rate', requestsPerS: 1000, arrivals: { kind: 'constant' }, maxConcurrency: 1 } as const
  const measurement = await measureAt(server.url, { load: { level, requests: 6 } })
  assert.equal(measurement.client.inFlight?.max, 1)
  assert.equal(server.connections(), 1)
  const waited = (measurement.ttftMs?.max ?? 0) - (measurement.fromSend?.ttftMs?.max ?? 0)
  assert.ok(waited > 60, `the last request waited ${waited} ms for five others of 30 ms`)
})

test('a duration ends the sending, and what is in flight after the grace is counted as cancelled', async () => {
  await using server = await scriptedServer((socket, _, n) => {
    if (n < 4) socket.write(answer(4))
  })
  const measurement = await measureAt(server.url, { load: { requests: undefined, durationS: 0.3, graceS: 0.1 } })
  assert.deepEqual(
    measurement.errors.map(({ kind, count }) => [kind, count]),
    [['cancelled', 2]],
  )
  assert.equal(measurement.requests.completed, 4)
})

test('answers without a stream have a latency and no TTFT', async () => {
  await using server = await scriptedServer(socket => {
    const body = JSON.stringify({
      choices: [{ message: { content: 'hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 32, completion_tokens: 4 },
    })
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })
  const measurement = await measureAt(server.url, { load: { streaming: false } })
  assert.equal(measurement.requests.completed, 6)
  assert.equal(measurement.ttftMs, null)
  assert.equal(measurement.requestLatencyMs?.count, 6)
})

test('aborting ends the measurement with the reason', async () => {
  await using server = await scriptedServer(() => {})
  const reason = new Error('enough')
  const abort = new AbortController()
  setTimeout(() => abort.abort(reason), 700)
  await assert.rejects(measureAt(server.url, { signal: abort.signal }), error => error === reason)
})

test('each request leaves a line beside the point', async () => {
  await using server = await instant()
  const run = await mkdtemp(join(tmpdir(), 'fulcrum-run-'))
  const measurement = await measureAt(server.url, { folder: join(run, 'points', 'p') })
  assert.deepEqual(measurement.files, ['points/p/requests.jsonl.gz'])
  const lines = gunzipSync(await readFile(join(run, 'points/p/requests.jsonl.gz')))
    .toString()
    .trim()
    .split('\n')
  const rows = lines.map(
    line => JSON.parse(line) as { osl: number; chunks: number; error: string | null; ttft: number },
  )
  assert.equal(rows.length, 6)
  assert.ok(rows.every(row => row.osl === 4 && row.chunks === 4 && row.error === null && row.ttft > 0))
})

test('proxies of the environment are ignored', async () => {
  await using server = await instant()
  process.env.HTTP_PROXY = process.env.http_proxy = 'http://127.0.0.1:1'
  try {
    assert.equal((await measureAt(server.url)).requests.completed, 6)
  } finally {
    delete process.env.HTTP_PROXY
    delete process.env.http_proxy
  }
})

test('a server on IPv6 is reached', async () => {
  await using server = await scriptedServer(socket => socket.write(answer(4)), { host: '::1' })
  assert.equal((await measureAt(server.url)).requests.completed, 6)
})

test('localhost is reached on whichever address answers', async () => {
  await using server = await instant()
  assert.equal((await measureAt(server.url.replace('127.0.0.1', 'localhost'))).requests.completed, 6)
})

test('a name that can not be resolved ends the measurement with what to do', async () => {
  await assert.rejects(measureAt('http://no-such-host.invalid:8000'), {
    code: 'name-not-resolved',
    kind: 'environment',
  })
})

test('a token named by an empty variable ends the measurement before anything is sent', async () => {
  await using server = await instant()
  await assert.rejects(measureAt(server.url, { env: {}, endpoint: { apiKeyEnv: 'MY_TOKEN' } }), {
    code: 'api-key-missing',
  })
  assert.equal(server.requests.length, 0)
})
