// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ScriptedServer } from '../../mock-server/scripted.ts'
import { answer, jsonResponse, scriptedServer } from '../../mock-server/scripted.ts'
import { measureAt } from './setting.ts'

const instant = () => scriptedServer(socket => socket.write(answer(4)))

interface Body {
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly max_tokens: number
}

function bodies(server: ScriptedServer): Body[] {
  return server.requests.map(request => JSON.parse(request.body.toString()) as Body)
}

async function fileOf(name: string, text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'fulcrum-data-')), name)
  await writeFile(file, text)
  return file
}

const conversation = { turns: 3, thinkMs: 5 }
const one = { level: { kind: 'concurrency', concurrency: 1 }, requests: 6, dataset: 2 } as const

test("each turn of a conversation carries what was said before, the server's answers included", async () => {
  await using server = await instant()
  const measurement = await measureAt(server.url, { load: one, workload: { conversation } })
  assert.deepEqual(measurement.requests, { sent: 6, completed: 6, failed: 0 })
  const roles = bodies(server).map(body => body.messages.map(message => message.role).join(' '))
  const grown = ['user', 'user assistant user', 'user assistant user assistant user']
  assert.deepEqual(roles, [...grown, ...grown])
  const [first, second, third] = bodies(server)
  assert.deepEqual(third?.messages.slice(0, 3), second?.messages)
  assert.deepEqual(second?.messages[0], first?.messages[0])
  assert.equal(second?.messages[1]?.content, ' token token token token')
})

test('the next turn is due when the user has thought', async () => {
  await using server = await instant()
  const measurement = await measureAt(server.url, { load: one, workload: { conversation: { turns: 3, thinkMs: 60 } } })
  assert.ok(measurement.durationS >= 0.24, `four times 60 ms were thought in ${measurement.durationS} s`)
})

test('time in which users think is not counted as slots left empty, and turns are told apart', async () => {
  await using server = await scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 100))
  const load = { level: { kind: 'concurrency', concurrency: 4 }, requests: 12, dataset: 4 } as const
  const { client } = await measureAt(server.url, { load, workload: { conversation: { turns: 3, thinkMs: 400 } } })
  assert.ok(
    (client.inFlight?.mean ?? 4) < 2,
    `${client.inFlight?.mean} of 4 in flight, four fifths of the time were thought`,
  )
  assert.ok((client.inFlight?.held ?? 0) > 0.5, `held for ${client.inFlight?.held} of the time in which it could be`)
})

test('a conversation whose answer failed is not gone on with', async () => {
  await using server = await scriptedServer((socket, _, n) => {
    socket.write(n === 0 ? jsonResponse('500 Internal Server Error', 'no') : answer(4))
  })
  const measurement = await measureAt(server.url, { load: one, workload: { conversation } })
  assert.deepEqual(measurement.requests, { sent: 4, completed: 3, failed: 1 })
})

test('a conversation in an open loop is refused by name', async () => {
  await using server = await instant()
  const level = { kind: 'rate', requestsPerS: 10, arrivals: { kind: 'constant' } } as const
  await assert.rejects(measureAt(server.url, { load: { level }, workload: { conversation } }), {
    code: 'generator-cannot',
  })
})

test('a trace is replayed with its own lengths and times, as many times as fast as asked', async () => {
  const rows = [
    { timestamp: 1000, input_length: 40, output_length: 3 },
    { timestamp: 1400, input_length: 60, output_length: 5 },
    { timestamp: 1800, input_length: 50, output_length: 4 },
  ]
  const file = await fileOf('trace.jsonl', rows.map(row => JSON.stringify(row)).join('\n'))
  await using server = await scriptedServer((socket, request) => {
    socket.write(answer((JSON.parse(request.body.toString()) as Body).max_tokens))
  })
  const measurement = await measureAt(server.url, {
    load: { level: { kind: 'trace', file, speed: 4 }, requests: 3, warmup: 1 },
  })
  assert.deepEqual(measurement.errors, [])
  assert.deepEqual(
    bodies(server)
      .slice(1)
      .map(body => body.max_tokens),
    [3, 5, 4],
  )
  assert.equal(measurement.totals.inputTokens, 150)
  assert.ok(measurement.durationS >= 0.2)
})

test('a dataset file is sent as it is', async () => {
  const file = await fileOf(
    'data.jsonl',
    '{"prompt": "Why?"}\n{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How?"}], "output_tokens": 4}\n',
  )
  await using server = await instant()
  const load = { level: { kind: 'concurrency', concurrency: 1 }, requests: 2, dataset: 2 } as const
  await measureAt(server.url, { load, workload: { datasetFile: file } })
  assert.deepEqual(
    bodies(server).map(body => body.messages.map(message => message.content)),
    [['Why?'], ['Be brief.', 'How?']],
  )
})

test('completions and responses put the prompt where those APIs want it', async () => {
  await using server = await instant()
  await measureAt(server.url, { load: { api: 'completions', requests: 1 } })
  await measureAt(server.url, { load: { api: 'responses', requests: 1 } })
  const [completion, response] = server.requests
  assert.equal(completion?.path, '/v1/completions')
  assert.equal(typeof (JSON.parse(completion?.body.toString() ?? '') as { prompt: unknown }).prompt, 'string')
  assert.equal(response?.path, '/v1/responses')
  assert.equal(typeof (JSON.parse(response?.body.toString() ?? '') as { input: unknown }).input, 'string')
})
