// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobLoad } from '../../../src/generators/built-in/job.ts'
import { watchShards } from '../../../src/generators/shards/watch-shards.ts'
import { createRecords, phaseCode } from '../../../src/metrics/records.ts'
import { stopRuleOf } from '../../../src/metrics/stopping/stop.ts'

const level = { kind: 'concurrency', concurrency: 4 } as const
const rule = stopRuleOf({ level, auto: { min: 40, precision: 10 }, requests: 400, warmup: 4 }, {})
assert.ok(rule !== null)
const part = {
  schedule: { kind: 'closed', concurrency: 2, requests: 200 },
  firstMeasured: 2,
  requests: { turns: 1 },
} as JobLoad

/** What a shard tells: two requests of its warm-up, and measured ones from one to another, each due 100 ms after. */
function told(shard: number, from: number, to: number) {
  const records = createRecords(2 + to - from)
  for (let row = 0; row < records.count; row++) {
    const dueMs = row < 2 ? row - 1000 : 100 * (from + row - 2) + shard
    records.scheduledMs[row] = records.sentMs[row] = dueMs
    records.firstTokenMs[row] = dueMs + 10
    records.lastTokenMs[row] = records.doneMs[row] = dueMs + 90
    records.outputTokens[row] = records.chunks[row] = 10
    records.firstChunkTokens[row] = 1
    records.phase[row] = phaseCode(row < 2 ? 'warm-up' : 'measured')
  }
  return { kind: 'ended', records, measured: to, isWarmupOver: true } as const
}

test('shards are decided about by the requests of all of them, as soon as none of the first is missing', () => {
  const watch = watchShards(rule, [part, part])
  watch.hear(0, told(0, 0, 60), 0)
  // Forty have ended, but those of the other shard are among the first forty of the whole.
  assert.equal(watch.isOver(), false)
  watch.hear(1, told(1, 0, 10), 0)
  assert.equal(watch.isOver(), false)
  watch.hear(1, told(1, 10, 25), 0)
  assert.equal(watch.isOver(), true)
  assert.equal(watch.requests, 40)
})

test('a clock that differs is put in the time of the coordinator', () => {
  const watch = watchShards(rule, [part, part])
  const shifted = (message: ReturnType<typeof told>, byMs: number) => {
    for (const times of ['scheduledMs', 'sentMs', 'firstTokenMs', 'lastTokenMs', 'doneMs'] as const)
      message.records[times].forEach((time, row, all) => {
        all[row] = time + byMs
      })
    return message
  }
  watch.hear(0, told(0, 0, 20), 0)
  watch.hear(1, shifted(told(1, 0, 20), 1e9), 1e9)
  assert.equal(watch.isOver(), false)
  watch.hear(1, shifted(told(1, 20, 25), 1e9), 1e9)
  watch.hear(0, told(0, 20, 25), 0)
  assert.equal(watch.isOver(), true)
})

test('a shard that tells nothing lets nothing be decided', () => {
  const watch = watchShards(rule, [part, part])
  watch.hear(0, told(0, 0, 200), 0)
  assert.equal(watch.isOver(), false)
  assert.equal(watch.requests, 400)
})

test('the window of all shards moves until TTFT no longer falls in it', () => {
  const moving = stopRuleOf({ level, requests: 120, warmup: 4, autoWarmup: { max: 404 } }, {})
  assert.ok(moving !== null)
  const watch = watchShards(moving, [part, part])
  const falling = (shard: number, from: number, to: number) => {
    const message = told(shard, from, to)
    for (let row = 2; row < message.records.count; row++) {
      const { firstTokenMs } = message.records
      // Falls until the fortieth request of each shard.
      firstTokenMs[row] = (firstTokenMs[row] ?? 0) + Math.max(0, 40 - (from + row - 2))
    }
    return message
  }
  for (const shard of [0, 1]) watch.hear(shard, falling(shard, 0, 65), 0)
  assert.equal(watch.isOver(), false)
  for (const shard of [0, 1]) watch.hear(shard, falling(shard, 65, 150), 0)
  assert.equal(watch.isOver(), true)
  assert.ok(watch.requests > 120 + 40 && watch.requests <= 200 + 2 * 4, `${watch.requests}`)
})
