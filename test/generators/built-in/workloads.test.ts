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

test('in an open loop sessions arrive by the rate, and each turn carries the answers before it', async () => {
  await using server = await instant()
  const level = { kind: 'rate', requestsPerS: 40, arrivals: { kind: 'constant' } } as const
  const load = { level, requests: 12, dataset: 20, window: 'whole' } as const
  const measurement = await measureAt(server.url, { load, workload: { conversation } })
  assert.deepEqual(measurement.requests, { sent: 12, completed: 12, failed: 0 })
  const { sessions } = measurement
  assert.deepEqual([sessions?.count, sessions?.turns, sessions?.byAnswer, sessions?.skipped], [4, 3, 8, 0])
  const grown = bodies(server).map(body => body.messages.length)
  assert.deepEqual(grown.toSorted(), [1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5])
  for (const { messages } of bodies(server).filter(body => body.messages.length === 5))
    assert.deepEqual([messages[1]?.content, messages[3]?.content], Array(2).fill(' token token token token'))
})

test('a session that outlives the window of an open loop is measured within it, and holds the load after it', async () => {
  await using server = await instant()
  const level = { kind: 'rate', requestsPerS: 40, arrivals: { kind: 'constant' } } as const
  const load = { level, requests: undefined, durationS: 0.4, warmup: 4, dataset: 60 } as const
  const workload = { conversation: { turns: 4, thinkMs: 60 } }
  const { requests, sessions, window } = await measureAt(server.url, { load, workload })
  assert.equal(window, 'steady')
  assert.equal(requests.failed, 0)
  // 16 sessions arrive; turns of those before and of these are due, not all 64.
  assert.ok(requests.sent > 16 && requests.sent < 64 + 16, `${requests.sent} measured`)
  assert.ok((sessions?.count ?? 0) >= 16)
})

test('requests of a session carry the same id in a header, those of others another', async () => {
  await using server = await instant()
  await measureAt(server.url, { load: { ...one, sessionHeader: 'X-Session-Id' }, workload: { conversation } })
  const ids = server.requests.map(request => String(request.head).match(/X-Session-Id: (\S+)/)?.[1])
  assert.equal(ids[0], ids[2])
  assert.equal(new Set(ids).size, 2)
})

test('turns behind a failed turn are counted as not sent', async () => {
  await using server = await scriptedServer((socket, _, n) => {
    socket.write(n === 0 ? jsonResponse('500 Internal Server Error', 'no') : answer(4))
  })
  const { sessions } = await measureAt(server.url, { load: one, workload: { conversation } })
  assert.equal(sessions?.skipped, 2)
})

const agents = [
  { timestamp: 0, session_id: 'a', request_id: 'a0', input_length: 40, output_length: 4 },
  { timestamp: 50, request_id: 'a1', parent_id: 'a0', input_length: 41, output_length: 4 },
  { timestamp: 50, request_id: 'a2', parent_id: 'a0', input_length: 42, output_length: 4 },
  { timestamp: 60, request_id: 'a3', parent_id: ['a1', 'a2'], input_length: 43, output_length: 4 },
]
const linesOf = (rows: readonly object[]) => rows.map(row => JSON.stringify(row)).join('\n')

test('sub-agents run beside each other, and their parent goes on when both have answered', async () => {
  const file = await fileOf('agents.jsonl', linesOf(agents))
  const open: number[] = []
  await using server = await scriptedServer((socket, _, n) => {
    open.push(n)
    setTimeout(() => socket.write(answer(4)), 100)
  })
  const measurement = await measureAt(server.url, {
    load: { level: { kind: 'trace', file, speed: 1, unit: 'ms' }, requests: 4 },
  })
  assert.deepEqual(measurement.requests, { sent: 4, completed: 4, failed: 0 })
  const { sessions } = measurement
  assert.deepEqual([sessions?.count, sessions?.byAnswer, sessions?.bySchedule], [1, 3, 0])
  // Three times 100 ms, not four.
  assert.ok(measurement.durationS >= 0.3 && measurement.durationS < 0.4, `${measurement.durationS} s`)
})

test('what waits for a failed request of a trace is not sent', async () => {
  const file = await fileOf('agents.jsonl', linesOf(agents))
  await using server = await scriptedServer((socket, _, n) => {
    socket.write(n === 1 ? jsonResponse('500 Internal Server Error', 'no') : answer(4))
  })
  const measurement = await measureAt(server.url, {
    load: { level: { kind: 'trace', file, speed: 1, unit: 'ms' }, requests: 4 },
  })
  assert.deepEqual(measurement.requests, { sent: 3, completed: 2, failed: 1 })
  assert.equal(measurement.sessions?.skipped, 1)
})

test('users replay the sessions of a trace one after another, each with its recorded times from its start', async () => {
  // Six sessions of two requests 100 ms apart, recorded all at once.
  const rows = Array.from({ length: 12 }, (_, i) => ({
    timestamp: i < 6 ? 0 : 100,
    session_id: `s${i % 6}`,
    input_length: 40,
    output_length: 4,
  }))
  const file = await fileOf('users.jsonl', linesOf(rows))
  let [open, most] = [0, 0]
  await using server = await scriptedServer(socket => {
    open += 1
    most = Math.max(most, open)
    setTimeout(() => {
      open -= 1
      socket.write(answer(4))
    }, 20)
  })
  const measurement = await measureAt(server.url, {
    load: {
      level: { kind: 'trace', file, speed: 1, unit: 'ms', users: 2 },
      requests: 12,
      sessionHeader: 'X-Session-Id',
    },
  })
  assert.deepEqual(measurement.requests, { sent: 12, completed: 12, failed: 0 })
  const { sessions } = measurement
  assert.deepEqual([sessions?.count, sessions?.byAnswer, sessions?.bySchedule, sessions?.skipped], [6, 0, 6, 0])
  assert.ok(most <= 2, `${most} in flight`)
  // Three sessions a user, one after another: each lasts 100 ms and its last answer.
  assert.ok(measurement.durationS >= 0.36, `${measurement.durationS} s`)
  const ids = server.requests.map(request => String(request.head).match(/X-Session-Id: (\S+)/)?.[1])
  assert.equal(new Set(ids.slice(0, 4)).size, 2, 'the first two sessions end before the third begins')
})

test('users replay requests without sessions as a closed loop does', async () => {
  const rows = Array.from({ length: 9 }, (_, i) => ({ timestamp: i * 1000, input_length: 40, output_length: 4 }))
  const file = await fileOf('plain.jsonl', linesOf(rows))
  await using server = await instant()
  const { requests, durationS, sessions } = await measureAt(server.url, {
    load: { level: { kind: 'trace', file, speed: 1, unit: 'ms', users: 3 }, requests: 9 },
  })
  assert.deepEqual(requests, { sent: 9, completed: 9, failed: 0 })
  assert.equal(sessions?.count, 9)
  assert.ok(durationS < 4, 'recorded times of sessions do not hold up their user')
})

test('a user goes on to the next session when a request of one has failed', async () => {
  const rows = [...agents, ...agents.map(row => ({ ...row, session_id: 'b', request_id: `b${row.request_id}` }))]
  const linked = rows.map((row, i) => {
    const parents = 'parent_id' in row ? [row.parent_id ?? []].flat().map(id => (i < 4 ? id : `b${id}`)) : []
    return { ...row, session_id: i < 4 ? 'a' : 'b', parent_id: parents }
  })
  const file = await fileOf('agents-twice.jsonl', linesOf(linked))
  await using server = await scriptedServer((socket, _, n) => {
    socket.write(n === 1 ? jsonResponse('500 Internal Server Error', 'no') : answer(4))
  })
  const { requests, sessions } = await measureAt(server.url, {
    load: { level: { kind: 'trace', file, speed: 1, unit: 'ms', users: 1 }, requests: 8 },
  })
  assert.deepEqual(requests, { sent: 7, completed: 6, failed: 1 })
  assert.deepEqual([sessions?.count, sessions?.skipped], [2, 1])
})

test('a trace whose turns come on schedule says that the schedule decided', async () => {
  const rows = [0, 80, 160].map(timestamp => ({ timestamp, session_id: 's', input_length: 40, output_length: 4 }))
  const file = await fileOf('slow.jsonl', linesOf(rows))
  await using server = await instant()
  const { sessions, replay } = await measureAt(server.url, {
    load: { level: { kind: 'trace', file, speed: 1, unit: 'ms' }, requests: 3 },
  })
  assert.deepEqual([sessions?.byAnswer, sessions?.bySchedule], [0, 2])
  assert.deepEqual(replay, { inFile: 3, chosen: 3, unit: 'ms', guessed: null })
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
