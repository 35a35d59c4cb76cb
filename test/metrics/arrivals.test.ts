import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { arrivalsOf, type Delivery, headTokens, pacedPart } from '../../src/metrics/arrivals.ts'
import { itlOf } from '../../src/metrics/definitions.ts'
import { deliveryOf } from '../../src/metrics/delivery.ts'
import { createRecords, type RequestRecords } from '../../src/metrics/records.ts'

/** Chunks at `times`, as the client sees them, of one token each if not said otherwise. */
interface Seen {
  readonly times: readonly number[]
  readonly tokens?: number
  readonly firstChunkTokens?: number
}

/** Tokens every `itlMs`, of which none is seen before `heldMs` after the first. */
function held(tokens: number, itlMs: number, heldMs: number): Seen {
  return { times: Array.from({ length: tokens }, (_, i) => Math.max(heldMs, i * itlMs)) }
}

/** Tokens every `itlMs` that are passed on `size` at a time, when the last of them is there. */
function bundled(tokens: number, itlMs: number, size: number): Seen {
  const whenFull = (i: number) => Math.min(tokens - 1, (Math.floor(i / size) + 1) * size - 1)
  return { times: Array.from({ length: tokens }, (_, i) => whenFull(i) * itlMs) }
}

function seen({ times, tokens = times.length, firstChunkTokens = 1 }: Seen) {
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0))
  const [firstMs = Number.NaN] = times
  const arrivals = arrivalsOf(gaps)
  return {
    firstTokenMs: firstMs,
    restMs: firstMs + arrivals.restAfterMs,
    lastTokenMs: times.at(-1) ?? Number.NaN,
    outputTokens: tokens,
    chunks: times.length,
    firstChunkTokens,
    ...arrivals,
  }
}

function recordsOf(answers: readonly Seen[]): RequestRecords {
  const records = createRecords(answers.length)
  for (const [row, answer] of answers.entries()) {
    const one = seen(answer)
    records.scheduledMs[row] = records.sentMs[row] = 0
    records.firstTokenMs[row] = one.firstTokenMs
    records.lastTokenMs[row] = records.doneMs[row] = one.lastTokenMs
    records.outputTokens[row] = one.outputTokens
    records.chunks[row] = one.chunks
    records.firstChunkTokens[row] = one.firstChunkTokens
    records.headChunks[row] = one.headChunks
    records.laterArrivals[row] = one.laterArrivals
    records.restMs[row] = one.restMs
    records.restFrom[row] = one.restFrom
    records.lastGapMs[row] = one.lastGapMs
  }
  return records
}

function delivered(...answers: readonly Seen[]): Delivery {
  const { delivery } = deliveryOf(recordsOf(answers))
  assert.ok(delivery !== undefined)
  return delivery
}

const near = (value: number | undefined, wanted: number, share: number) =>
  assert.ok(Math.abs((value ?? Number.NaN) / wanted - 1) <= share, `${value}, wanted ${wanted}`)

describe('the head of an answer', () => {
  test('is its first chunk where chunks come one after another', () => {
    assert.deepEqual(arrivalsOf([5, 6, 7]), {
      headChunks: 1,
      laterArrivals: 3,
      restAfterMs: 5,
      restFrom: 2,
      lastGapMs: 7,
    })
    const single = { headChunks: 1, laterArrivals: 0, restAfterMs: Number.NaN, restFrom: 0, lastGapMs: Number.NaN }
    assert.deepEqual(arrivalsOf([]), single)
  })

  test('has the chunks that came with the first, in one read or in several a few microseconds apart', () => {
    const headOf = (gaps: readonly number[]) => {
      const { headChunks, laterArrivals, restFrom } = arrivalsOf(gaps)
      return [headChunks, laterArrivals, restFrom]
    }
    assert.deepEqual(headOf([0, 0, 3, 5]), [3, 2, 4])
    // The first gap alone is long, the whole head is not.
    assert.deepEqual(headOf([0.08, 0.01, 0.01, 5, 5]), [4, 2, 5])
    assert.deepEqual(headOf([0, 0, 3, 0, 0, 5]), [3, 2, 6])
    assert.deepEqual(headOf([0, 0, 0]), [4, 0, 0])
  })

  test('and later arrivals together have all chunks', () => {
    const gap = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.2, noNaN: true }), fc.integer({ min: 1, max: 60 }))
    fc.assert(
      fc.property(fc.array(gap, { maxLength: 60 }), gaps => {
        const { headChunks, laterArrivals, restFrom } = arrivalsOf(gaps)
        const chunks = gaps.length + 1
        assert.ok(headChunks >= 1 && headChunks <= chunks)
        assert.ok(laterArrivals <= chunks - headChunks)
        assert.equal(laterArrivals === 0, headChunks === chunks)
        assert.ok(laterArrivals === 0 ? restFrom === 0 : restFrom > headChunks && restFrom <= chunks)
      }),
    )
  })

  test('has its share of the tokens if chunks carry several', () => {
    const counts = { outputTokens: 41, chunks: 11, firstChunkTokens: 1 }
    assert.equal(headTokens({ ...counts, headChunks: 3 }), 1 + 2 * 4)
    assert.equal(headTokens({ ...counts, headChunks: 11 }), 41)
    assert.equal(headTokens(counts), 1)
    assert.equal(headTokens({ ...counts, headChunks: 0 }), 1)
  })
})

describe('a first chunk that comes late', () => {
  test('leaves ITL as it is, however long it was held, or unknown where fewer than two tokens follow by themselves', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 400 }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        (tokens, itlMs, heldMs) => {
          const answer = seen(held(tokens, itlMs, heldMs))
          const itl = itlOf(answer)
          if (answer.headChunks > 1 && tokens - answer.headChunks < 2) assert.ok(Number.isNaN(itl))
          else near(itl, answer.headChunks > 1 ? itlMs : itlOf({ ...answer, headChunks: 1 }), 1e-6)
        },
      ),
    )
  })

  test('is found, with the time for which it was held, and with what genai-perf says', () => {
    const { lateFirst, plainOutputTokensPerSPerUser } = delivered(
      ...Array.from({ length: 20 }, () => held(64, 5.5, 46)),
    )
    assert.equal(lateFirst?.answers, 20)
    assert.equal(lateFirst.tokens, 8)
    near(lateFirst.heldMs, 46, 0.1)
    near(plainOutputTokensPerSPerUser ?? undefined, (63 * 1000) / (63 * 5.5 - 46), 1e-9)
  })

  test('of short answers has no ITL rather than a fifth of it', () => {
    const short = seen(held(8, 5.5, 36))
    const plain = pacedPart({ ...short, headChunks: 1 })
    assert.ok((plain?.ms ?? 0) / (plain?.tokens ?? 0) < 0.4)
    assert.ok(Number.isNaN(itlOf(short)))
    near(itlOf(seen(held(16, 5.5, 46))), 5.5, 1e-9)
  })

  test('is found behind slow steps, too', () => {
    assert.equal(delivered(held(16, 30, 46)).lateFirst?.tokens, 1)
  })
})

describe('no first chunk is called late', () => {
  const pace = (tokens: number, itlMs: number) => held(tokens, itlMs, 0)
  const cases: readonly (readonly [string, readonly Seen[]])[] = [
    ['where chunks come evenly', [pace(64, 5.5), pace(8, 5.5), pace(2, 5.5)]],
    ['on an engine faster than 1 ms a token', [pace(64, 0.4)]],
    ['where each step has several tokens in one chunk', [{ ...pace(16, 20), tokens: 61, firstChunkTokens: 4 }]],
    ['where each step sends several tokens in chunks of their own', [bundled(64, 5, 4)]],
    ['where everything comes in bundles', [bundled(64, 5, 10)]],
  ]
  for (const [what, answers] of cases) {
    test(what, () => {
      assert.equal(delivered(...answers).lateFirst, null)
    })
  }
})

test('chunks that come in bundles have the ITL of their tokens, and are counted by bundle', () => {
  for (const [tokens, itlMs, size] of [
    [64, 5, 4],
    [60, 20, 10],
    [30, 8, 2],
  ] as const) {
    near(itlOf(seen(bundled(tokens, itlMs, size))), itlMs, 0.01)
    const { later } = delivered(bundled(tokens, itlMs, size))
    assert.equal(later?.chunks, size)
    near(later.gapMs, size * itlMs, 0.01)
  }
})

test('a last chunk that comes late is found, and one that does not is not', () => {
  const late = (byMs: number): Seen => {
    const { times } = held(16, 5, 0)
    return { times: [...times.slice(0, -1), (times.at(-1) ?? 0) + byMs] }
  }
  assert.deepEqual(delivered(late(40)).lateLast, { answers: 1, gapMs: 45, otherGapMs: 5 })
  assert.equal(delivered(late(0)).lateLast, null)
  assert.equal(delivered(late(3)).lateLast, null)
  assert.equal(delivered(bundled(60, 5, 10)).lateLast, null)
})

test('answers whose chunks were not timed say nothing of their delivery', () => {
  const records = recordsOf([held(16, 5, 0)])
  records.headChunks.fill(0)
  assert.deepEqual(deliveryOf(records), {})
})
