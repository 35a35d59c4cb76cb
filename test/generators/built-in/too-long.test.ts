// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { judge, statusOf } from '../../../src/metrics/validity.ts'
import { createEngine } from '../../../src/simulator/engine.ts'
import { createEngineServer } from '../../../src/simulator/server/server.ts'
import { createTokenCounter } from '../../../src/simulator/server/token-counter.ts'
import { driveByWallClock } from '../../../src/simulator/wall-clock.ts'
import { profile } from '../../simulator/profile-under-test.ts'
import { measureAt, pointOf } from './setting.ts'

/** What decode workers of the server under test have room for. */
const limit = 160

describe('requests longer than a server accepts', () => {
  let url = ''
  const ends: (() => unknown)[] = []
  before(async () => {
    const tokens = await createTokenCounter('builtin:deepseek-v3')
    const engine = createEngine({ profile, streamTokens: true })
    const drive = driveByWallClock(engine)
    const settings = { max_seq_len: limit }
    const names = new Map([[engine.addWorker('aggregated', settings, drive.nowMs()), 'aggregated-0']])
    const server = createEngineServer({ engine, drive, tokens, model: 'mock', workerNames: () => names })
    await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    ends.push(
      () => server.closeAllConnections(),
      () => server.close(),
      () => drive.stop(),
      () => tokens.close(),
    )
  })
  after(async () => {
    for (const end of ends) await end()
  })

  test('fail at the turn that is too long, with the server’s reason, and their session ends there', async () => {
    const load = { level: { kind: 'concurrency', concurrency: 1 }, requests: 6, dataset: 1 } as const
    const workload = { conversation: { turns: 6, thinkMs: 0 } }
    const measurement = await measureAt(url, { load, workload })
    const { requests, sessions, errors } = measurement
    assert.equal(requests.failed, 1)
    assert.equal(requests.completed + requests.failed + (sessions?.skipped ?? 0), 6)
    assert.ok(requests.completed >= 2 && (sessions?.skipped ?? 0) >= 1, JSON.stringify([requests, sessions]))
    assert.match(errors[0]?.example ?? '', /HTTP 400.*max_seq_len of the aggregated workers is 160/)
    const findings = judge(pointOf({ load, workload }), measurement)
    assert.equal(statusOf(findings), 'invalid')
    assert.ok(findings.some(({ code }) => code === 'turns-skipped'))
  })

  test('fail in a trace where they stand, and the others are answered', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'fulcrum-long-')), 'trace.jsonl')
    const lengths = [40, limit, 60, limit - 4]
    const rows = lengths.map((input_length, i) => ({ timestamp: i * 20, input_length, output_length: 4 }))
    await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
    const { requests, isl } = await measureAt(url, {
      load: { level: { kind: 'trace', file, speed: 1, unit: 'ms' }, requests: 4 },
    })
    assert.deepEqual(requests, { sent: 4, completed: 3, failed: 1 })
    assert.equal(isl?.max, limit - 4)
  })
})
