// Test part: load

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { probe } from '../../src/generators/probe.ts'
import { FulcrumError } from '../../src/model/index.ts'
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

test('a probe asks as the load will: its API, with or without a stream, and its fields', async () => {
  await using server = await scriptedServer((socket, _, n) =>
    socket.write(n === 0 ? answer(4) : jsonResponse('200 OK', { choices: [{ index: 0, text: 'a b' }] })),
  )
  await probe(endpoint(server.url), { ...options, api: 'completions', extra: { min_tokens: 40, temperature: 0 } })
  await probe(endpoint(server.url), { ...options, api: 'completions', streaming: false })
  const bodies = server.requests.map(request => JSON.parse(request.body.toString()) as Record<string, unknown>)
  assert.deepEqual(
    bodies.map(body => [body.stream, body.temperature, body.max_tokens]),
    [
      [true, 0, 40],
      [false, undefined, 16],
    ],
  )
  for (const { head } of server.requests) assert.match(head, /^POST \/v1\/completions /)
})

test('a probe keeps the sub-path of the URL', async () => {
  await using server = await scriptedServer(socket => socket.write(answer(4)))
  await probe(endpoint(`${server.url}/llm/team-a`), options)
  assert.match(server.requests[0]?.head ?? '', /^POST \/llm\/team-a\/v1\/chat\/completions /)
})

describe('what to do about a refusal goes by what was said:', () => {
  const remedyFor = async (response: string, api: 'chat' | 'completions' = 'chat') => {
    await using server = await scriptedServer(socket => socket.write(response))
    const error = await probe(endpoint(`${server.url}/llm`), { ...options, api }).catch((cause: unknown) => cause)
    assert.ok(error instanceof FulcrumError)
    return { message: error.message, remedy: error.remedy ?? '' }
  }

  test('the API and the fields for HTTP 400', async () => {
    const { remedy } = await remedyFor(jsonResponse('400 Bad Request', { message: 'no chat template' }))
    assert.match(remedy, /load\.api \(chat; the server may only have completions\)/)
  })

  test('the path for HTTP 404', async () => {
    const { remedy } = await remedyFor(jsonResponse('404 Not Found', {}), 'completions')
    assert.match(remedy, /^The server has nothing at POST \/llm\/v1\/completions.*only have chat/)
  })

  test('the key for HTTP 401', async () => {
    assert.match((await remedyFor(jsonResponse('401 Unauthorized', {}))).remedy, /api_key_env/)
  })

  test('where a redirect leads', async () => {
    for (const status of ['307 Temporary Redirect', '308 Permanent Redirect', '302 Found']) {
      const { message, remedy } = await remedyFor(
        `HTTP/1.1 ${status}\r\nLocation: https://h/llm/v1/chat/completions\r\nContent-Length: 0\r\n\r\n`,
      )
      assert.match(message, /HTTP 30\d, a redirect to https:\/\/h\/llm\/v1\/chat\/completions$/)
      assert.match(remedy, /^Fulcrum does not follow redirects/)
    }
  })

  test('the path for a web page, streaming for an answer in one piece, the proxy for a compressed one', async () => {
    const ok = (type: string, body: string, more = '') =>
      `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`
    const page = await remedyFor(ok('text/html; charset=utf-8', '<!doctype html><title>Sign in</title>'))
    assert.match(page.remedy, /^This is a web page.*what serves POST \/llm\/v1\/chat\/completions/)
    const whole = { choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }] }
    assert.match((await remedyFor(jsonResponse('200 OK', whole))).remedy, /load: \{ streaming: false \}/)
    const packed = await remedyFor(ok('text/event-stream', '\u001f\u0008xyz', 'Content-Encoding: gzip\r\n'))
    assert.match(packed.message, /the response is compressed \(gzip\)/)
    assert.match(packed.remedy, /proxy that compresses/)
  })

  test('the logs for all else', async () => {
    assert.match((await remedyFor(jsonResponse('500 Oops', {}))).remedy, /logs/)
  })
})

test('a self-signed certificate is told with what to set', async () => {
  const fixture = (name: string) => readFile(join(import.meta.dirname, 'built-in/fixtures', name), 'utf8')
  const tls = { key: await fixture('localhost-key.pem'), cert: await fixture('localhost-cert.pem') }
  await using server = await scriptedServer(socket => socket.write(answer(4)), { tls })
  await assert.rejects(probe(endpoint(server.url), options), { code: 'probe-failed', message: /NODE_EXTRA_CA_CERTS/ })
  await assert.rejects(probe(endpoint(server.url), options), { remedy: /NODE_EXTRA_CA_CERTS/ })
})
