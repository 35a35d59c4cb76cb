import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probe } from '../../src/load/probe.ts'
import { answer, jsonResponse, scriptedServer } from '../mock-server/scripted.ts'

const endpoint = (url: string) => ({ url, model: 'mock', dialect: 'dynamo-1', metricsUrls: {} }) as const
const options = { signal: new AbortController().signal, timeoutMs: 2000, streaming: true }

test('a probe says what came back', async () => {
  await using server = await scriptedServer(socket => socket.write(answer(4)))
  const seen = await probe(endpoint(server.url), options)
  assert.equal(seen.chunks, 4)
  assert.equal(seen.outputTokens, 4)
  assert.ok(seen.latencyMs >= seen.ttftMs)
})

test("a probe speaks the endpoint's dialect, so that a wrong one shows before the load", async () => {
  await using server = await scriptedServer(socket => socket.write(answer(4)))
  await probe(endpoint(server.url), options)
  await probe({ ...endpoint(server.url), dialect: 'dynamo-0.3' }, options)
  const [first, second] = server.requests.map(request => JSON.parse(request.body.toString()) as Record<string, unknown>)
  assert.equal(first?.ignore_eos, true)
  assert.deepEqual(second?.nvext, { ignore_eos: true })
})

test('a refusal is an error that holds the words of the server', async () => {
  await using server = await scriptedServer(socket =>
    socket.write(jsonResponse('400 Bad Request', { message: 'unknown field' })),
  )
  await assert.rejects(probe(endpoint(server.url), options), {
    code: 'probe-failed',
    message: /HTTP 400.*unknown field/,
  })
})

test('a server that lists its model and never answers runs into the deadline', async () => {
  await using server = await scriptedServer(() => {})
  await assert.rejects(probe(endpoint(server.url), { ...options, timeoutMs: 50 }), {
    code: 'probe-failed',
    message: /within the deadline/,
  })
})

test('an aborted probe ends with the reason', async () => {
  await using server = await scriptedServer(() => {})
  const reason = new Error('enough')
  const abort = new AbortController()
  setTimeout(() => abort.abort(reason), 30)
  await assert.rejects(probe(endpoint(server.url), { ...options, signal: abort.signal }), error => error === reason)
})
