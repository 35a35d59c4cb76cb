// Test part: unit

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { planFollow, sessionPlan } from '../../src/generators/built-in/sessions.ts'
import { readTrace, traceTimesMs } from '../../src/generators/trace.ts'
import { beforeOf, isBranched, selectRequests } from '../../src/generators/trace-sessions.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-sessions-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function fileOf(rows: readonly object[]) {
  const file = join(folder, 'trace.jsonl')
  await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
  return file
}

async function read(rows: readonly object[]) {
  return readTrace(await fileOf(rows), AbortSignal.timeout(30_000), 'inferred')
}

describe('a trace with sessions', () => {
  test('links each request of AIPerf’s sessions to the one before, after its delay', async () => {
    const { sessions, atMs } = await read([
      { session_id: 'a', timestamp: 1000, input_length: 5, output_length: 1 },
      { session_id: 'b', timestamp: 1200, input_length: 5, output_length: 1 },
      { session_id: 'a', delay: 500, input_length: 6, output_length: 1 },
    ])
    assert.ok(sessions !== undefined)
    assert.deepEqual([...atMs], [0, 200, 500])
    assert.deepEqual([...sessions.of], [0, 1, 0])
    assert.deepEqual(beforeOf(sessions, 2), [0])
    assert.equal(sessions.delayMs[2], 500)
  })

  test('reads Qwen’s chats: seconds, blocks of 16 tokens, turns behind their parents', async () => {
    const trace = await read([
      {
        chat_id: 7,
        parent_chat_id: -1,
        timestamp: 61.114,
        input_length: 20,
        output_length: 3,
        turn: 1,
        hash_ids: [1, 2],
      },
      {
        chat_id: 9,
        parent_chat_id: 7,
        timestamp: 70.5,
        input_length: 33,
        output_length: 3,
        turn: 2,
        hash_ids: [1, 2, 3],
      },
    ])
    assert.equal(trace.blockTokens, 16)
    assert.equal(trace.time.unit, 's')
    assert.ok(Math.abs((trace.atMs[1] ?? 0) - 9386) < 1e-6)
    assert.deepEqual(trace.sessions === undefined ? [] : beforeOf(trace.sessions, 1), [0])
  })

  test('reads a session with sub-agents of kv-cache-tester: the parent waits for both', async () => {
    const call = (t: number, more: object = {}) => ({
      t,
      type: 'n',
      model: 'm',
      in: 100,
      out: 5,
      hash_ids: [1],
      ...more,
    })
    const trace = await read([
      {
        id: 'x',
        block_size: 64,
        requests: [
          call(0),
          { t: 5, type: 'subagent', agent_id: '1', requests: [call(0), call(2)] },
          { t: 5, type: 'subagent', agent_id: '2', requests: [call(1)] },
          call(20, { think_time: 1.5 }),
        ],
      },
    ])
    const { sessions } = trace
    assert.ok(sessions !== undefined)
    assert.equal(trace.count, 5)
    assert.equal(sessions.count, 1)
    assert.equal(beforeOf(sessions, 4).length, 2)
    assert.equal(sessions.delayMs[4], 1500)
  })

  test('is a chain where each request waits for the one before, and branched where some run in parallel', async () => {
    const branched = async (rows: readonly object[]) => {
      const { sessions } = await read(rows.map(row => ({ timestamp: 0, input_length: 5, output_length: 1, ...row })))
      return sessions === undefined ? null : isBranched(sessions)
    }
    assert.equal(await branched([{}, {}]), null)
    assert.equal(await branched([{ session_id: 'a' }, { session_id: 'b' }, { session_id: 'a' }]), false)
    const calls = [{ request_id: 'p' }, { request_id: 'c', parent_id: 'p' }]
    assert.equal(await branched(calls), false)
    assert.equal(await branched([...calls, { request_id: 'd', parent_id: 'p' }]), true)
    assert.equal(await branched([{ request_id: 'p' }, { request_id: 'q' }, { parent_id: ['p', 'q'] }]), true)
    const two = [{ session_id: 'a' }, { session_id: 'a' }, { session_id: 'a', parent_id: [] }]
    assert.equal(await branched(two), true)
  })

  test('keeps sessions whole in a sample, and begins the times of a window at its start', async () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({
      session_id: `${i % 100}`,
      timestamp: i * 1000,
      input_length: 5,
      output_length: 1,
    }))
    const trace = await read(rows)
    const part = selectRequests(trace, { sample: 0.3 }, 1)
    assert.equal(part.count, 4 * (part.sessions?.count ?? 0))
    assert.ok(part.count > 60 && part.count < 180, `${part.count} of 400`)
    const window = selectRequests(trace, { fromMs: 100_000, untilMs: 200_000 }, 1)
    assert.deepEqual([window.count, window.atMs[0], window.outOf], [100, 0, 400])
    assert.equal(window.sessions?.after.length, 0)
  })

  test('sends each request once, after all that it waits for, whatever the answers take', () => {
    const rows = fc.array(fc.record({ parents: fc.array(fc.nat(), { maxLength: 3 }), gap: fc.nat(50) }), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      fc.property(rows, fc.array(fc.nat(100), { minLength: 40, maxLength: 40 }), (drawn, latencies) => {
        const waits = drawn.map(({ parents }, row) => [...new Set(row === 0 ? [] : parents.map(at => at % row))])
        const offsets = Uint32Array.from([0, ...waits.map((_, row) => waits.slice(0, row + 1).flat().length)])
        const count = drawn.length
        let at = 0
        const due = Float64Array.from(drawn, ({ gap }) => (at += gap))
        const columns = { of: new Uint32Array(count), turn: new Uint32Array(count), count: 1 }
        const delayMs = new Float64Array(count).fill(Number.NaN)
        const plan = sessionPlan(
          { ...columns, delayMs, afterOffsets: offsets, after: Uint32Array.from(waits.flat()) },
          due,
          1,
        )
        const follow = planFollow(plan, row => plan.dueMs[row] ?? 0)
        const ends = new Map<number, number>()
        const open = [...plan.waitsFor.keys()]
          .filter(row => plan.waitsFor[row] === 0)
          .map(row => [due[row] ?? 0, row] as const)
        while (open.length > 0) {
          open.sort((a, b) => a[0] + (latencies[a[1]] ?? 0) - b[0] - (latencies[b[1]] ?? 0))
          const [dueAt, row] = open.shift() ?? [0, 0]
          assert.ok(!ends.has(row))
          for (const parent of waits[row] ?? []) assert.ok((ends.get(parent) ?? Number.NaN) <= dueAt)
          assert.ok(dueAt >= (due[row] ?? 0))
          ends.set(row, dueAt + (latencies[row] ?? 0))
          for (const next of follow.after(row, ends.get(row) ?? 0, true).next) open.push([next.dueAt, next.number])
        }
        assert.equal(ends.size, count)
      }),
    )
  })
})

test('a trace in seconds is noticed', async () => {
  const trace = await read(
    Array.from({ length: 2000 }, (_, i) => ({ timestamp: i, input_length: 5, output_length: 1 })),
  )
  assert.equal(trace.time.unit, 's')
  assert.equal(traceTimesMs(trace, 1)[1], 1000)
})

describe('a unit that was asked for', () => {
  const timesOf = async (unit: 's' | 'ms', gap: number, count = 2000, first = 0) => {
    const rows = Array.from({ length: count }, (_, i) => ({
      timestamp: first + i * gap,
      input_length: 5,
      output_length: 1,
    }))
    return (await readTrace(await fileOf(rows), AbortSignal.timeout(30_000), unit)).time
  }

  test('is doubted where milliseconds crowd requests beyond any service', async () => {
    const { unit, doubt } = await timesOf('ms', 1)
    assert.equal(unit, 'ms')
    assert.match(doubt ?? '', /^seconds are likelier: in milliseconds 2,000 requests would come within 2 s$/)
  })

  test('is doubted where seconds stretch a trace over weeks', async () => {
    assert.match((await timesOf('s', 1000)).doubt ?? '', /^milliseconds are likelier: .* would take 2,000,000 s$/)
  })

  test('is doubted where a time since 1970 shows another one', async () => {
    assert.match((await timesOf('s', 1000, 10, 1.7e12)).doubt ?? '', /^milliseconds are likelier/)
  })

  test('is taken where nothing speaks against it', async () => {
    assert.equal((await timesOf('s', 1)).doubt, undefined)
    assert.equal((await timesOf('ms', 200)).doubt, undefined)
    // A short trace of few requests may be slow, and one of a single request has no rate.
    assert.equal((await timesOf('s', 1000, 10)).doubt, undefined)
    assert.equal((await timesOf('ms', 1, 1)).doubt, undefined)
  })
})
