// Test part: load

import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Engine } from '../../src/simulator/engine.ts'
import { createEngine } from '../../src/simulator/engine.ts'
import { createEngineServer } from '../../src/simulator/server/server.ts'
import { createTokenCounter } from '../../src/simulator/server/token-counter.ts'
import type { Drive } from '../../src/simulator/wall-clock.ts'
import { driveByWallClock } from '../../src/simulator/wall-clock.ts'
import { profile } from './profile-under-test.ts'

const tokens = await createTokenCounter('builtin:deepseek-v3')
const model = 'nvidia/DeepSeek-R1-FP4'

interface Running {
  readonly engine: Engine
  readonly drive: Drive
  readonly server: Server
  readonly url: string
}

async function serve(workers: boolean, reasoningShare = 0): Promise<Running> {
  const engine = createEngine({ profile, streamTokens: true })
  const drive = driveByWallClock(engine)
  const names = new Map<number, string>()
  if (workers) {
    names.set(engine.addWorker('prefill', {}, drive.nowMs()), 'prefill-0')
    names.set(engine.addWorker('decode', { max_seq_len: 4000 }, drive.nowMs()), 'decode-0')
  }
  const server = createEngineServer({
    engine,
    drive,
    tokens,
    model,
    adapters: ['lora-a'],
    reasoningShare,
    workerNames: () => names,
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return { engine, drive, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function stop({ server, drive }: Running): Promise<void> {
  drive.stop()
  server.closeAllConnections()
  await new Promise(closed => server.close(closed))
}

after(() => tokens.close())

describe('the simulated engine’s server', () => {
  let running: Running
  before(async () => {
    running = await serve(true)
  })
  after(() => stop(running))

  const post = (path: string, body: object, signal: AbortSignal | null = null) =>
    fetch(`${running.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, ...body }),
      signal,
    })
  async function events(path: string, body: object): Promise<{ data: string[]; parsed: Record<string, unknown>[] }> {
    const response = await post(path, { stream: true, ...body })
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    const data = (await response.text())
      .split('\n\n')
      .filter(Boolean)
      .map(event => event.replace(/^data: /, ''))
    return { data, parsed: data.filter(text => text !== '[DONE]').map(text => JSON.parse(text)) }
  }
  const chat = { messages: [{ role: 'user', content: 'hello there' }] }

  test('streams one token a chunk, then the end, the usage and [DONE]', async () => {
    const { data, parsed } = await events('/v1/chat/completions', {
      ...chat,
      max_tokens: 4,
      stream_options: { include_usage: true },
    })
    assert.equal(data.at(-1), '[DONE]')
    const choices = parsed.map(chunk => (chunk.choices as { delta: { content?: string }; finish_reason: string }[])[0])
    assert.deepEqual(
      choices.map(choice => choice?.delta.content),
      [' a', ' a', ' a', ' a', undefined, undefined],
    )
    assert.equal(choices[4]?.finish_reason, 'length')
    const counts = { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 }
    assert.deepEqual(parsed.at(-1)?.usage, { ...counts, prompt_tokens_details: { cached_tokens: 0 } })
  })
  test('sends no usage that was not asked for', async () => {
    const { parsed } = await events('/v1/completions', { prompt: 'hi', max_tokens: 2 })
    assert.deepEqual(
      parsed.map(chunk => chunk.usage),
      [null, null, null],
    )
  })
  test('answers as a whole without stream', async () => {
    const answer = (await (await post('/v1/completions', { prompt: [1, 2, 3], max_tokens: 3 })).json()) as {
      choices: { text: string }[]
      usage: object
    }
    assert.equal(answer.choices[0]?.text, ' a a a')
    const counts = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 }
    const prompt_tokens_details = { audio_tokens: null, cached_tokens: 0 }
    assert.deepEqual(answer.usage, { ...counts, prompt_tokens_details })
  })
  test('answers every prompt of a batch under its index', async () => {
    const { parsed } = await events('/v1/completions', { prompt: ['a', 'b c'], max_tokens: 2 })
    const indices = parsed.map(chunk => (chunk.choices as { index: number }[])[0]?.index)
    assert.deepEqual(indices.toSorted(), [0, 0, 0, 1, 1, 1])
  })
  test('answers many streams at once, each with its own tokens', async () => {
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, index) => events('/v1/completions', { prompt: [1], max_tokens: 1 + (index % 7) })),
    )
    for (const [index, { parsed }] of all.entries()) {
      assert.equal(parsed.length, 1 + (index % 7) + 1)
      assert.equal(new Set(parsed.map(chunk => chunk.id)).size, 1)
    }
  })
  test('embeds a text, or several at once, and counts their tokens', async () => {
    const response = await post('/v1/embeddings', { input: ['hello there', 'you'] })
    const { object, data, usage } = (await response.json()) as {
      object: string
      data: { index: number; embedding: number[] }[]
      usage: object
    }
    assert.equal(object, 'list')
    assert.deepEqual(
      data.map(({ index, embedding }) => [index, embedding.every(value => Number.isFinite(value))]),
      [
        [0, true],
        [1, true],
      ],
    )
    assert.deepEqual(usage, { prompt_tokens: 3, total_tokens: 3 })
    assert.equal((await post('/v1/embeddings', { input: 'x', max_tokens: 4 })).status, 400)
  })
  test('answers under the names of its adapters, and to no other', async () => {
    const names = async (asked: string) => {
      const response = await post('/v1/chat/completions', { ...chat, max_tokens: 1, model: asked })
      return response.ok ? ((await response.json()) as { model: string }).model : response.status
    }
    assert.deepEqual([await names(model), await names('lora-a'), await names('lora-z')], [model, 'lora-a', 404])
  })
  test('refuses in Dynamo’s words and shape', async () => {
    const response = await post('/v1/chat/completions', { messages: [] })
    assert.equal(response.status, 400)
    assert.deepEqual(await response.json(), {
      message: "Validation: The 'messages' field cannot be empty. At least one message is required.",
      type: 'Bad Request',
      code: 400,
    })
  })
  test('refuses what is longer than its workers can hold', async () => {
    const response = await post('/v1/completions', { prompt: [1, 2], max_tokens: 5000 })
    assert.equal(response.status, 400)
    assert.match(await response.text(), /max_seq_len of the decode workers is 4000/)
  })
  test('knows no other path, method or content type', async () => {
    const status = async (path: string, init: RequestInit) => (await fetch(running.url + path, init)).status
    assert.equal(await status('/v1/nothing', {}), 404)
    assert.equal(await status('/v1/completions', {}), 405)
    assert.equal(await status('/v1/completions', { method: 'POST', body: 'x' }), 415)
  })
  test('lets go of a request whose client has gone', async () => {
    const gone = new AbortController()
    const response = await post('/v1/completions', { prompt: [1], max_tokens: 3000, stream: true }, gone.signal)
    await response.body?.getReader().read()
    gone.abort()
    const decode = () => running.engine.workers().find(worker => worker.role === 'decode')?.load
    while (decode()?.running !== 0) await new Promise(resolve => setTimeout(resolve, 5))
    assert.equal(decode()?.kvBlocksUsed, 0)
  })
  test('lists its model and says that it is healthy', async () => {
    const models = (await (await fetch(`${running.url}/v1/models`)).json()) as { data: { id: string }[] }
    assert.deepEqual(
      models.data.map(({ id }) => id),
      [model, 'lora-a'],
    )
    const health = (await (await fetch(`${running.url}/health`)).json()) as { status: string; instances: object[] }
    assert.deepEqual([health.status, health.instances.length], ['healthy', 2])
  })
  test('exposes frontend, worker and its own lateness as Prometheus text', async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text()
    for (const name of ['dynamo_frontend_time_to_first_token_seconds_count', 'fulcrum_engine_lateness_seconds_bucket'])
      assert.match(text, new RegExp(`^${name}\\{?`, 'm'))
    for (const line of text.split('\n').filter(line => line !== '' && !line.startsWith('#')))
      assert.match(line, /^[a-z_:]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e+-]+$/)
    const worker = await (await fetch(`${running.url}/metrics/decode-0`)).text()
    assert.match(worker, /^trtllm:kv_cache_usage_perc 0$/m)
    assert.equal((await fetch(`${running.url}/metrics/decode-9`)).status, 404)
  })
})

describe('a simulated model that reasons', () => {
  /** Tokens of each kind in order, `r` and `a`, and the usage. */
  async function answered(share: number, path: string, body: object) {
    const running = await serve(true, share)
    try {
      const response = await fetch(`${running.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, max_tokens: 10, ...body }),
      })
      return await response.text()
    } finally {
      await stop(running)
    }
  }
  const question = { messages: [{ role: 'user', content: 'hello there' }] }
  const streamed = { ...question, stream: true, stream_options: { include_usage: true } }
  const kinds = (text: string) =>
    [...text.matchAll(/"delta":\{"(reasoning_content|content)":" a"/g)].map(([, key]) =>
      key === 'content' ? 'a' : 'r',
    )

  for (const [share, expected] of [
    [0, 'aaaaaaaaaa'],
    [0.6, 'rrrrrraaaa'],
    [1, 'rrrrrrrrrr'],
  ] as const) {
    test(`streams ${share * 100}% of its tokens as reasoning, first`, async () => {
      const text = await answered(share, '/v1/chat/completions', streamed)
      assert.equal(kinds(text).join(''), expected)
      const [, counted] = /"reasoning_tokens":(\d+)/.exec(text) ?? []
      assert.equal(counted, share === 0 ? undefined : String(share * 10))
    })
  }
  test('says both apart in a whole answer', async () => {
    const whole = JSON.parse(await answered(0.6, '/v1/chat/completions', question))
    assert.equal(whole.choices[0].message.reasoning_content, ' a'.repeat(6))
    assert.equal(whole.choices[0].message.content, ' a'.repeat(4))
    assert.deepEqual(whole.usage.completion_tokens_details, { reasoning_tokens: 6 })
  })
  test('does not reason in the completions API', async () => {
    assert.doesNotMatch(await answered(0.6, '/v1/completions', { prompt: 'x', stream: true }), /reasoning/)
  })
})

test('a server without workers lists no model and answers 503', async () => {
  const running = await serve(false)
  try {
    assert.deepEqual(((await (await fetch(`${running.url}/v1/models`)).json()) as { data: object[] }).data, [])
    const response = await fetch(`${running.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt: 'x' }),
    })
    assert.equal(response.status, 503)
  } finally {
    await stop(running)
  }
})
