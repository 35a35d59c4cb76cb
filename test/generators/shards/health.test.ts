import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobLoad } from '../../../src/generators/built-in/job.ts'
import { threadHealth } from '../../../src/generators/built-in/result.ts'
import type { ShardReport } from '../../../src/generators/shards/coordinate.ts'
import { shardRemarks, worstHealth } from '../../../src/generators/shards/health.ts'
import type { ShardLink } from '../../../src/generators/shards/link.ts'
import { distributionOf } from '../../../src/metrics/distribution.ts'
import type { ClientHealth, ShardHealth } from '../../../src/metrics/measurement.ts'
import { defaultLimits } from '../../../src/model/index.ts'

const punctual: ShardHealth = {
  host: 'a',
  requests: 10,
  clock: { offsetMs: 0, uncertaintyMs: 0.1, wallOffsetMs: 0, driftMs: 0 },
  sendLatenessMs: distributionOf(Float64Array.of(0, 0, 0.1)),
  eventLoopDelayMs: { mean: 0, p99: 0, max: 0 },
  cpuShare: 0.1,
}

const together: ClientHealth = {
  sendLatenessMs: distributionOf(Float64Array.of(0, 0, 0.1, 0, 90)),
  eventLoopDelayMs: { mean: 1, p99: 2, max: 3 },
  cpuShare: 0.5,
  cpuS: 2,
  gcMs: 3,
  threads: 2,
  inFlight: { mean: 7, max: 8 },
  clockJumpMs: 0,
}

test('one shard that sent late is not made punctual by the others', () => {
  const late = { ...punctual, sendLatenessMs: distributionOf(Float64Array.of(80, 90)), cpuShare: 0.9 }
  const health = worstHealth(together, [punctual, late, { ...punctual, sendLatenessMs: null, cpuShare: null }])
  assert.deepEqual(health.sendLatenessMs, late.sendLatenessMs)
  assert.equal(health.cpuShare, 0.9)
  assert.deepEqual(health.inFlight, together.inFlight)
  assert.equal(health.shards?.length, 3)
})

test('no thread is busy, or waits for a core, for more than all of its time', () => {
  const loopDelayMs = { mean: 0, p99: 0, max: 0 }
  const busy = { watchedMs: 3, cpuMs: 4, gcMs: 0, runQueueWaitMs: 5, loopDelayMs }
  const { cpuShare, runQueueShare } = threadHealth([busy])
  assert.deepEqual({ cpuShare, runQueueShare }, { cpuShare: 1, runQueueShare: 1 })
})

const link: ShardLink = {
  shard: 1,
  host: 'a',
  lost: () => null,
  send: () => {},
  receive: () => Promise.reject(new Error('nothing comes')),
  ended: () => [],
  progress: () => ({ warmup: 0, measured: 0, live: [] }),
  close: () => Promise.resolve(),
}
const report: ShardReport = {
  link,
  clock: { offsetMs: 0, uncertaintyMs: 0.1, wallOffsetMs: 0 },
  clockAfter: { offsetMs: 0, uncertaintyMs: 0.1, wallOffsetMs: 0 },
  outcome: { kind: 'result', results: [], clockJumpMs: 0, lookupMs: 0 },
}
const part: JobLoad = {
  api: 'chat',
  streaming: true,
  window: 'steady',
  requests: {
    count: 1,
    spare: 0,
    bytes: new Uint8Array(0),
    offsets: new Float64Array(2),
    inputTokens: new Uint32Array(1),
    outputTokens: new Uint32Array(1),
    leastTokens: new Uint32Array(1),
    headLength: 0,
    prompts: new Float64Array(2),
    turns: 1,
  },
  schedule: { kind: 'closed', concurrency: 1, requests: 10 },
  warmup: 0,
  firstMeasured: 0,
  thinkMs: 0,
  durationMs: null,
  graceMs: 0,
  timeoutMs: 1,
}

const remarksOn = (health: ShardHealth, one = report, load = part) =>
  shardRemarks([one], [load], { shards: [health] }, defaultLimits)

test('a shard that did its part by a clock that is known draws no remark', () => {
  assert.deepEqual(remarksOn(punctual), [])
})

test('a shard that sent less than its part makes the point invalid', () => {
  assert.deepEqual(remarksOn({ ...punctual, requests: 9 }), [
    { severity: 'invalid', code: 'shard-disagrees', message: 'shard 1 on a sent 9 requests instead of 10' },
  ])
  assert.deepEqual(remarksOn({ ...punctual, requests: 9 }, report, { ...part, durationMs: 1000 }), [])
})

test('a clock that ran away is told, for the schedule that it blurs', () => {
  const ranAway = { ...report, clockAfter: { offsetMs: -40, uncertaintyMs: 0.4, wallOffsetMs: 0 } }
  const [remark] = remarksOn(punctual, ranAway)
  assert.equal(remark?.severity, 'warning')
  assert.equal(remark?.code, 'shard-clock')
  assert.match(
    remark?.message ?? '',
    /known to 39\.6 ms only \(half of the quickest exchange 0\.1 ms, drift .* 39\.5 ms\)/,
  )
})

test('a second reading of the clock that was slow is no drift', () => {
  const slow = { ...report, clockAfter: { offsetMs: -40, uncertaintyMs: 41, wallOffsetMs: 0 } }
  assert.deepEqual(remarksOn(punctual, slow), [])
})

test('a lost shard is told in the words of its loss', () => {
  const lost = { ...report, outcome: null, link: { ...link, lost: () => 'shard 1 on a was lost: it burnt' } }
  const [remark] = remarksOn({ ...punctual, requests: null }, lost)
  assert.equal(remark?.severity, 'invalid')
  assert.match(remark?.message ?? '', /^shard 1 on a was lost: it burnt\. The figures are those of the other shards/)
})
