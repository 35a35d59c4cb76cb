// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { requestLogName } from '../../../src/generators/built-in/request-log.ts'
import { answer, jsonResponse, scriptedServer } from '../../mock-server/scripted.ts'
import { type MeasureSetting, measureAt } from './setting.ts'

const mix = [
  { name: 'mock', weight: 1 },
  { name: 'lora-a', weight: 2 },
  { name: 'lora-b', weight: 1 },
]

async function measured(more: Partial<MeasureSetting> = {}) {
  const folder = join(await mkdtemp(join(tmpdir(), 'fulcrum-models-')), 'points', 'p')
  await using server = await scriptedServer((socket, { body }) => {
    const { model } = JSON.parse(body.toString())
    const isThere = model !== 'lora-b'
    socket.write(isThere ? answer(4) : jsonResponse('404 Not Found', { error: { message: 'no such model' } }))
  })
  const measurement = await measureAt(server.url, {
    ...{ folder, mix, load: { requests: 40, dataset: 48, warmup: 8 } },
    ...more,
  })
  const log = gunzipSync(await readFile(join(folder, requestLogName))).toString()
  const lines = log.trimEnd().split('\n')
  return {
    measurement,
    asked: server.requests.map(({ body }) => JSON.parse(body.toString()) as { model: string; messages: object[] }),
    log: lines.map(line => JSON.parse(line) as { model?: string; phase: string; error: string | null }),
  }
}

const count = (names: readonly (string | undefined)[], wanted: string) => names.filter(name => name === wanted).length

describe('requests for several models', () => {
  it('are mixed by weight, among the measured ones too, and the log says which each was for', async () => {
    const { log, asked } = await measured()
    const names = log.filter(({ phase }) => phase === 'measured').map(({ model }) => model)
    assert.deepEqual([count(names, 'mock'), count(names, 'lora-a'), count(names, 'lora-b')], [10, 20, 10])
    const order = asked.map(({ model }) => model)
    assert.ok(
      order.slice(0, 12).some((name, at) => name !== order[at + 12]),
      'in random order',
    )
    for (const { model, error } of log) assert.equal(error === null, model !== 'lora-b')
  })

  it('have figures of their own, so that a model that fails shows', async () => {
    const { measurement } = await measured()
    const [base, a, b] = measurement.models ?? []
    assert.deepEqual([base?.name, a?.name, b?.name], ['mock', 'lora-a', 'lora-b'])
    assert.deepEqual(a?.requests, { sent: 20, completed: 20, failed: 0 })
    assert.deepEqual(b?.requests, { sent: 10, completed: 0, failed: 10 })
    assert.deepEqual([base?.ttftMs?.count, a?.ttftMs?.count, b?.ttftMs], [10, 20, null])
    assert.equal(measurement.ttftMs?.count, 30)
  })

  it('stay with one model for a whole conversation', async () => {
    const { asked } = await measured({
      mix: mix.slice(0, 2),
      workload: { conversation: { turns: 4, thinkMs: 0 } },
      load: { requests: 40, dataset: 12, warmup: 8 },
    })
    const conversations = [...Map.groupBy(asked, ({ messages }) => JSON.stringify(messages[0])).values()]
    assert.ok(conversations.some(turns => turns.length === 4))
    for (const turns of conversations) assert.equal(new Set(turns.map(({ model }) => model)).size, 1)
    assert.equal(new Set(asked.map(({ model }) => model)).size, 2)
  })

  it('are the same for the same seed', async () => {
    const models = async () =>
      (
        await measured({ load: { level: { kind: 'concurrency', concurrency: 1 }, requests: 12, dataset: 12 } })
      ).asked.map(({ model }) => model)
    assert.deepEqual(await models(), await models())
  })

  it('leave a log and figures of one model as they were', async () => {
    const { measurement, log } = await measured({ mix: undefined as never })
    assert.equal(measurement.models, undefined)
    assert.ok(log.every(line => !('model' in line)))
  })
})
