import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JobLoad, Schedule } from '../../../src/generators/built-in/job.ts'
import { requestBytes } from '../../../src/generators/built-in/request-set.ts'
import { busyShards, splitLoad } from '../../../src/generators/shards/split.ts'

interface Sizes {
  readonly prompts: number
  readonly turns: number
  readonly warmup: number
}

/** A load whose prompts are told apart by their bytes. */
function loadOf(schedule: Schedule, { prompts, turns, warmup }: Sizes): JobLoad {
  const texts = Array.from({ length: prompts * turns }, (_, index) => Buffer.from(`request ${index};`))
  const offsets = new Float64Array(texts.length + 1)
  for (const [index, text] of texts.entries()) offsets[index + 1] = (offsets[index] ?? 0) + text.length
  const numbers = Uint32Array.from(texts, (_, index) => index)
  return {
    api: 'chat',
    streaming: true,
    window: 'steady',
    requests: {
      count: texts.length,
      spare: 0,
      bytes: new Uint8Array(Buffer.concat(texts)),
      offsets,
      inputTokens: numbers,
      outputTokens: numbers,
      leastTokens: numbers,
      headLength: 3,
      prompts: Float64Array.from(texts.flatMap((_, index) => [2 * index, 2 * index + 1])),
      turns,
    },
    schedule,
    warmup,
    firstMeasured: Math.ceil(warmup / turns) * turns,
    thinkMs: 0,
    durationMs: null,
    graceMs: 0,
    timeoutMs: 1000,
  }
}

/** The requests that a load sends, in the order of their numbers: warm-up, then measurement. */
function sent({ requests, schedule, warmup, firstMeasured }: JobLoad): { warmup: string[]; measured: string[] } {
  const text = (number: number) => requestBytes(requests, number % requests.count).toString()
  const measured = schedule.kind === 'closed' ? (schedule.requests ?? 0) : schedule.dueMs.length
  return {
    warmup: Array.from({ length: warmup }, (_, number) => text(number)),
    measured: Array.from({ length: measured }, (_, number) => text(number + firstMeasured)),
  }
}

const closed = fc.record({
  concurrency: fc.integer({ min: 1, max: 40 }),
  requests: fc.integer({ min: 0, max: 200 }),
  warmup: fc.integer({ min: 0, max: 50 }),
  shards: fc.integer({ min: 1, max: 9 }),
})

test('the parts of a closed loop have its slots and its requests together, each once', () => {
  fc.assert(
    fc.property(closed, ({ concurrency, requests, warmup, shards }) => {
      const schedule: Schedule = { kind: 'closed', concurrency, requests }
      const whole = loadOf(schedule, { prompts: Math.max(1, requests + warmup), turns: 1, warmup })
      const parts = splitLoad(whole, busyShards(schedule, shards))
      const slots = parts.map(part => (part.schedule.kind === 'closed' ? part.schedule.concurrency : 0))
      assert.equal(
        slots.reduce((sum, one) => sum + one, 0),
        concurrency,
      )
      assert.ok(Math.min(...slots) >= 1 && Math.max(...slots) - Math.min(...slots) <= 1)
      const all = sent(whole)
      assert.deepEqual(parts.flatMap(part => sent(part).warmup).sort(), all.warmup.sort())
      assert.deepEqual(parts.flatMap(part => sent(part).measured).sort(), all.measured.sort())
    }),
  )
})

test('requests are dealt so that no slot gets more than one above another', () => {
  fc.assert(
    fc.property(closed, ({ concurrency, requests, warmup, shards }) => {
      const schedule: Schedule = { kind: 'closed', concurrency, requests }
      const parts = splitLoad(loadOf(schedule, { prompts: 7, turns: 1, warmup }), busyShards(schedule, shards))
      for (const { schedule: part } of parts) {
        if (part.kind !== 'closed' || part.requests === null) throw new Error('a part of a closed loop is one')
        assert.ok(part.requests >= Math.floor(requests / concurrency) * part.concurrency)
        assert.ok(part.requests <= Math.ceil(requests / concurrency) * part.concurrency)
      }
    }),
  )
})

test('the due times of an open loop’s parts are its own, each with the prompt that was its', () => {
  const open = fc.record({
    gaps: fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 200 }),
    warmup: fc.integer({ min: 0, max: 20 }),
    most: fc.option(fc.integer({ min: 1, max: 20 })),
    shards: fc.integer({ min: 1, max: 9 }),
  })
  fc.assert(
    fc.property(open, ({ gaps, warmup, most, shards }) => {
      let at = 0
      const dueMs = Float64Array.from(gaps, gap => {
        at += gap
        return at
      })
      const schedule: Schedule = { kind: 'open', dueMs, maxConcurrency: most, around: null }
      const whole = loadOf(schedule, { prompts: Math.max(1, gaps.length + warmup), turns: 1, warmup })
      const parts = splitLoad(whole, busyShards(schedule, shards))
      const pairs = (load: JobLoad) => {
        const due = load.schedule.kind === 'open' ? [...load.schedule.dueMs] : []
        return sent(load).measured.map((request, index) => `${due[index]} ${request}`)
      }
      assert.deepEqual(parts.flatMap(pairs).sort(), pairs(whole).sort())
      const limits = parts.map(({ schedule: part }) => (part.kind === 'open' ? part.maxConcurrency : 0))
      if (most === null) assert.ok(limits.every(limit => limit === null))
      else {
        assert.equal(
          limits.reduce<number>((sum, limit) => sum + (limit ?? 0), 0),
          most,
        )
      }
    }),
  )
})

test('no two shards send the same prompt, however often each is sent', () => {
  fc.assert(
    fc.property(closed, fc.integer({ min: 40, max: 60 }), ({ concurrency, requests, warmup, shards }, prompts) => {
      const schedule: Schedule = { kind: 'closed', concurrency, requests }
      const parts = splitLoad(loadOf(schedule, { prompts, turns: 1, warmup }), busyShards(schedule, shards))
      const sets = parts.map(part => new Set([...sent(part).warmup, ...sent(part).measured]))
      const distinct = new Set(sets.flatMap(set => [...set]))
      assert.equal(
        distinct.size,
        sets.reduce((sum, set) => sum + set.size, 0),
      )
    }),
  )
})

test('a conversation stays whole, on one shard', () => {
  const schedule: Schedule = { kind: 'closed', concurrency: 3, requests: 12 }
  const parts = splitLoad(loadOf(schedule, { prompts: 5, turns: 3, warmup: 3 }), 2)
  assert.deepEqual(
    parts.map(part => part.requests.count),
    [9, 6],
  )
  assert.deepEqual(
    parts.map(part => (part.schedule.kind === 'closed' ? part.schedule.requests : null)),
    [6, 6],
  )
  for (const { requests } of parts) {
    const first = requests.inputTokens.filter((_, index) => index % 3 === 0)
    assert.ok(first.every(index => index % 3 === 0))
  }
})

test('one prompt asked for by several shards is sent by all of them', () => {
  const schedule: Schedule = { kind: 'closed', concurrency: 4, requests: 8 }
  const parts = splitLoad(loadOf(schedule, { prompts: 1, turns: 1, warmup: 0 }), 2)
  assert.deepEqual(
    parts.map(part => sent(part).measured.length),
    [4, 4],
  )
})

test('a load with fewer slots than shards leaves shards idle', () => {
  assert.equal(busyShards({ kind: 'closed', concurrency: 2, requests: null }, 8), 2)
  assert.equal(busyShards({ kind: 'open', dueMs: new Float64Array(9), maxConcurrency: 3, around: null }, 8), 3)
  assert.equal(busyShards({ kind: 'open', dueMs: new Float64Array(9), maxConcurrency: null, around: null }, 8), 8)
})
