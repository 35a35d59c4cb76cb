// Test part: long

import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPromptBook } from '../../src/generators/prompt-book.ts'
import type { PromptSet } from '../../src/generators/prompt-set.ts'
import type { PromptOptions } from '../../src/generators/prompts.ts'
import { createPromptSet } from '../../src/generators/prompts.ts'
import type { Length, Workload } from '../../src/model/index.ts'

const cacheFolder = join(tmpdir(), 'fulcrum-test-lexicons')
const make = (more: Partial<PromptOptions>) =>
  createPromptSet({
    model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
    api: 'chat',
    workload: { name: 'w', isl: { kind: 'fixed', tokens: 60 }, osl: { kind: 'fixed', tokens: 20 } },
    count: 10,
    seed: 100,
    salt: 'point/1',
    cacheFolder,
    signal: AbortSignal.timeout(60_000),
    ...more,
  })

/** Everything that a set says, as plain values. */
const told = (set: PromptSet) => ({
  count: set.count,
  turns: set.turns,
  json: Buffer.from(set.json).toString(),
  offsets: [...set.offsets],
  inputTokens: [...set.inputTokens],
  outputTokens: [...set.outputTokens],
})

const length = fc.oneof(
  fc.record({ kind: fc.constant('fixed' as const), tokens: fc.integer({ min: 8, max: 60 }) }),
  fc.record({ kind: fc.constant('normal' as const), mean: fc.constant(40), stddev: fc.constant(20) }),
) satisfies fc.Arbitrary<Length>
const workload: fc.Arbitrary<Workload> = fc
  .record({
    name: fc.string(),
    isl: length,
    osl: length,
    prefix: fc.option(fc.record({ share: fc.constantFrom(0.2, 0.9), count: fc.integer({ min: 1, max: 3 }) }), {
      nil: undefined,
    }),
    conversation: fc.option(fc.record({ turns: fc.integer({ min: 1, max: 3 }), thinkMs: fc.constant(0) }), {
      nil: undefined,
    }),
  })
  .map(({ prefix, conversation, ...rest }) => ({
    ...rest,
    ...(prefix === undefined ? {} : { prefix }),
    ...(conversation === undefined ? {} : { conversation }),
  }))
const point = fc.record({
  workload,
  count: fc.integer({ min: 1, max: 12 }),
  seed: fc.integer({ min: 1, max: 2 }),
  salt: fc.constantFrom('a/1', 'b/1', 'a/2'),
})

test('prompts of a run with a book are those without one, point by point, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 6 }), async points => {
      const book = createPromptBook(20_000)
      for (const options of points) assert.deepEqual(told(await make({ ...options, book })), told(await make(options)))
    }),
    { numRuns: 40 },
  )
})

test('points that differ in their salt and their number of prompts share what is made', async () => {
  const book = createPromptBook()
  let made = 0
  const counting = {
    take: (of: Parameters<typeof book.take>[0], maker: () => PromptSet) =>
      book.take(of, () => {
        made += 1
        return maker()
      }),
    takeDataset: book.takeDataset,
    takeTrace: book.takeTrace,
  }
  for (const [salt, count] of [
    ['a', 20],
    ['b', 20],
    ['c', 5],
  ] as const)
    await make({ salt, count, book: counting })
  assert.equal(made, 1)
  await make({ salt: 'd', count: 21, book: counting })
  assert.equal(made, 2)
})

test('a set that was handed out stays as it is when the next point has its own', async () => {
  const book = createPromptBook()
  const first = await make({ salt: 'a', book })
  const before = told(first)
  await make({ salt: 'b', book })
  assert.deepEqual(told(first), before)
})

test('a book forgets what was not asked for the longest', () => {
  const book = createPromptBook(100)
  const made: number[] = []
  const take = (seed: number) =>
    book.take(
      {
        words: [],
        api: 'chat',
        workload: { name: 'w', isl: { kind: 'fixed', tokens: 9 }, osl: { kind: 'fixed', tokens: 9 } },
        seed,
        count: 1,
      },
      () => {
        made.push(seed)
        return {
          count: 1,
          turns: 1,
          json: new Uint8Array(40),
          offsets: Float64Array.of(0, 40),
          inputTokens: Uint32Array.of(9),
          outputTokens: Uint32Array.of(9),
        }
      },
    )
  for (const seed of [1, 2, 1, 3, 1, 2]) take(seed)
  assert.deepEqual(made, [1, 2, 3, 2])
})

test('a trace is read once for points that replay it, and anew when it is another', async () => {
  const book = createPromptBook()
  let read = 0
  const trace = () => {
    read += 1
    const none = new Uint32Array(0)
    const columns = { atMs: new Float64Array(0), inputTokens: none, outputTokens: none, hashIds: null }
    return Promise.resolve({
      file: 't',
      count: 0,
      ...columns,
      time: { unit: 'ms', guessed: null },
      unanswered: 0,
    } as const)
  }
  for (const key of ['a', 'a', 'b', 'b', 'a']) await book.takeTrace(key, trace)
  assert.equal(read, 3)
})
