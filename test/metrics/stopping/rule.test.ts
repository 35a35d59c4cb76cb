import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecords, type RequestRecords } from '../../../src/metrics/records.ts'
import { figuresAtLook, isSettled, looksOf } from '../../../src/metrics/stopping/rule.ts'
import { sampleOf } from '../../../src/metrics/stopping/sample.ts'
import { lookAt, stopRuleOf } from '../../../src/metrics/stopping/stop.ts'
import { createRandom } from '../../../src/model/index.ts'

const concurrency = 16
const before = 32

/** A closed loop whose TTFT and ITL scatter by so much, ever slower by `drift` a request. */
function closedLoop(requests: number, seed: string, { spread = 0.3, drift = 0, osl = 100 } = {}): RequestRecords {
  const random = createRandom(seed)
  const records = createRecords(requests)
  const free = Float64Array.from({ length: concurrency }, (_, slot) => slot * 0.1)
  for (let row = 0; row < requests; row++) {
    const slot = free.indexOf(Math.min(...free))
    const sentMs = free[slot] ?? 0
    const slower = 1 + drift * row
    const firstMs = sentMs + 200 * slower * Math.exp(spread * random.normal())
    const lastMs = firstMs + (osl - 1) * 10 * Math.exp((spread / 4) * random.normal())
    records.scheduledMs[row] = records.sentMs[row] = sentMs
    records.firstTokenMs[row] = firstMs
    records.lastTokenMs[row] = records.doneMs[row] = lastMs
    records.outputTokens[row] = records.chunks[row] = osl
    records.firstChunkTokens[row] = 1
    free[slot] = lastMs
  }
  return records
}

const sampleAt = (records: RequestRecords, count: number) =>
  sampleOf(records, { before, count, round: concurrency, from: 'sent' })

function figures(records: RequestRecords, count: number, slo = {}) {
  const list = figuresAtLook(sampleAt(records, count), { slo, round: concurrency }, 0.05, 0.99)
  return Object.fromEntries(list.map(figure => [figure.figure, figure]))
}

test('a limit far above the p95 is surely met, one far below surely missed', () => {
  const records = closedLoop(1000, 'far')
  assert.equal(figures(records, 320, { ttftP95Ms: 1000 }).ttft_p95_ms?.state, 'met')
  assert.equal(figures(records, 320, { ttftP95Ms: 150 }).ttft_p95_ms?.state, 'missed')
})

test('a limit at the p95 is open, until the p95 is precise', () => {
  const records = closedLoop(40_000, 'near')
  const ttftP95Ms = 200 * Math.exp(0.3 * 1.645)
  assert.equal(figures(records, 160, { ttftP95Ms }).ttft_p95_ms?.state, 'open')
  const known = figures(records, 20_000, { ttftP95Ms }).ttft_p95_ms
  assert.equal(known?.state, 'precise')
})

test('a p95 is not said to be met by fewer requests than can bound it', () => {
  const few = figures(closedLoop(200, 'few', { spread: 0 }), 80, { ttftP95Ms: 100_000 })
  assert.equal(few.ttft_p95_ms?.state, 'open')
})

test('requests that are all alike are precise after ten rounds', () => {
  const records = closedLoop(400, 'alike', { spread: 0 })
  assert.ok(isSettled(figuresAtLook(sampleAt(records, 160), { slo: {}, round: concurrency }, 0.05, 0.99)))
})

test('throughput is not precise while it falls', () => {
  const falling = figures(closedLoop(400, 'drift', { drift: 0.02 }), 160)
  assert.equal(falling.output_tokens_per_s?.state, 'open')
  assert.equal(figures(closedLoop(400, 'steady'), 160).output_tokens_per_s?.state, 'precise')
})

test('a load that only fails has nothing to wait for', () => {
  const records = closedLoop(400, 'failing')
  records.error.fill(1)
  assert.ok(isSettled(figuresAtLook(sampleAt(records, 160), { slo: { ttftP95Ms: 1 }, round: concurrency }, 0.05, 0.99)))
})

test('answers of one token have no decode time and decide nothing by it', () => {
  const single = figures(closedLoop(400, 'single', { osl: 1 }), 160)
  assert.equal(single.output_tokens_per_s_per_user, undefined)
  assert.notEqual(single.output_tokens_per_s, undefined)
})

test('a sample knows nothing of requests after the last one that it is of', () => {
  const [long, short] = [closedLoop(1000, 'prefix'), closedLoop(before + 320, 'prefix')]
  assert.deepEqual(sampleAt(long, 320), sampleAt(short, 320))
})

test('tokens that arrive between first and last send are counted, whoever asked for them', () => {
  const records = closedLoop(1000, 'tokens', { spread: 0 })
  const sample = sampleAt(records, 320)
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  // 16 slots, each 100 tokens in 1190 ms.
  assert.ok(Math.abs((1000 * sum(sample.deliveredTokens)) / sum(sample.batchMs) / ((16 * 100) / 1.19) - 1) < 0.005)
})

test('intervals of all looks together hold as often as one of them should', () => {
  const looks = looksOf({ min: 160, max: 640 })
  const truth = 1000 / (10 * Math.exp(0.075 ** 2 / 2))
  const runs = 150
  let held = 0
  for (let run = 0; run < runs; run++) {
    const records = closedLoop(before + 640, `looks/${run}`)
    const all = looks.every(({ requests, confidence }) => {
      const list = figuresAtLook(sampleAt(records, requests), { slo: {}, round: concurrency }, 0.05, confidence)
      const found = list.find(({ figure }) => figure === 'output_tokens_per_s_per_user')
      return found?.low == null || found.high === null || (found.low <= truth && truth <= found.high)
    })
    if (all) held += 1
  }
  assert.ok(held / runs >= 0.93, `${held} of ${runs}`)
})

test('a look that can be the last one alone has the whole confidence', () => {
  const [only, ...others] = looksOf({ min: 500, max: 100 })
  assert.equal(others.length, 0)
  assert.equal(only?.requests, 100)
  assert.ok(Math.abs((only?.confidence ?? 0) - 0.95) < 1e-6)
})

test('a look ends a point that is beaten, and the last look ends any', () => {
  const load = {
    level: { kind: 'concurrency', concurrency } as const,
    auto: { min: 160, precision: 1e-9 },
    requests: 320,
  }
  const records = closedLoop(1000, 'beaten')
  const reasonAt = (look: number, isBeaten = () => false) => {
    const rule = stopRuleOf({ ...load, warmup: before }, {}, isBeaten)
    const at = rule?.looks.at(look)
    return rule === null || at === undefined ? undefined : lookAt(records, rule, at).reason
  }
  assert.equal(reasonAt(0), null)
  assert.equal(
    reasonAt(0, () => true),
    'beaten',
  )
  assert.equal(reasonAt(-1), 'max')
})
