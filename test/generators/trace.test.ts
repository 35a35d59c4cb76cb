// Test part: long

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { readTrace, traceTimesMs } from '../../src/generators/trace.ts'
import type { TraceUnit } from '../../src/generators/trace-time.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-trace-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function read(text: string, name = 'trace.jsonl', unit?: TraceUnit | 'inferred') {
  const file = join(folder, name)
  await writeFile(file, text)
  return readTrace(file, AbortSignal.timeout(120_000), unit)
}

const line = (more: object = {}) =>
  JSON.stringify({ timestamp: 0, input_length: 600, output_length: 5, hash_ids: [1, 2], ...more })

test('a Mooncake trace is read with its times from the first request on', async () => {
  const trace = await read(`${line({ timestamp: 27_482 })}\n${line({ timestamp: 30_535, hash_ids: [1, 3] })}\n`)
  assert.deepEqual([...trace.atMs], [0, 3053])
  assert.deepEqual([...trace.inputTokens, ...trace.outputTokens], [600, 600, 5, 5])
  assert.deepEqual(trace.hashIds, [
    [1, 2],
    [1, 3],
  ])
})

test('requests out of order are put in order', async () => {
  const trace = await read(`${line({ timestamp: 20, output_length: 2 })}\n${line({ timestamp: 10, output_length: 1 })}`)
  assert.deepEqual([...trace.outputTokens], [1, 2])
})

test('a speed of 2 halves the times', async () => {
  const trace = await read(`${line()}\n${line({ timestamp: 1000 })}`)
  assert.deepEqual([...traceTimesMs(trace, 2)], [0, 500])
})

test('a CSV trace with Mooncake names is read', async () => {
  const trace = await read('timestamp,input_length,output_length\r\n5,10,20\r\n9,11,21\r\n', 'a.csv')
  assert.deepEqual(
    [[...trace.atMs], [...trace.inputTokens], [...trace.outputTokens]],
    [
      [0, 4],
      [10, 11],
      [20, 21],
    ],
  )
  assert.equal(trace.hashIds, null)
})

test('quoted cells of a CSV may hold commas and quotes', async () => {
  const text = 'name,timestamp,input_length,output_length\n"Doe, ""J""",5,10,20\n\n"x",9,"11",21\n'
  const trace = await read(text, 'quoted.csv')
  assert.deepEqual([...trace.inputTokens, ...trace.outputTokens], [10, 11, 20, 21])
})

test('an Azure LLM trace is read, its times beyond milliseconds', async () => {
  const rows = ['2023-11-16 18:17:03.9799600,4808,10', '2023-11-16 18:17:04.0319600,110,27']
  const trace = await read(`TIMESTAMP,ContextTokens,GeneratedTokens\n${rows.join('\n')}\n`, 'azure.csv')
  assert.deepEqual([...trace.inputTokens], [4808, 110])
  assert.ok(Math.abs((trace.atMs[1] ?? 0) - 52) < 1e-3)
})

const mistakes: readonly (readonly [string, string, string, RegExp])[] = [
  ['no JSON', `${line()}\n{"timestamp": 1, oops}`, 'a.jsonl', /a\.jsonl:2:18: no JSON: /],
  ['JSON that ends early', '{"timestamp": 1', 'a.jsonl', /a\.jsonl:1:16: no JSON: /],
  ['a line that is no object', '[1]', 'a.jsonl', /a\.jsonl:1:1: a request is a JSON object/],
  ['a missing field', '{"timestamp": 1, "input_length": 5}', 'a.jsonl', /a\.jsonl:1:1: output_length is missing/],
  ['a wrong number', line({ input_length: -5 }), 'a.jsonl', /a\.jsonl:1:16: input_length is -5; write a whole number/],
  ['too few hash ids', line({ hash_ids: [1] }), 'a.jsonl', /a\.jsonl:1:53: 1 hash_ids for 600 tokens; write 2/],
  ['nothing at all', '\n\n', 'a.jsonl', /the trace is empty/],
  ['a CSV without a column', 'timestamp,input_length\n1,2', 'a.csv', /a\.csv:1:1: the header has no output_length/],
  [
    'a CSV whose quotes do not match',
    'timestamp,input_length,output_length\n5,1,2\n6,"1,2\n7,1,2',
    'a.csv',
    /a\.csv:\d+:1: Quote Not Closed/,
  ],
  [
    'a CSV cell that is no count',
    'timestamp,input_length,output_length\n1,x,2',
    'a.csv',
    /a\.csv:2:3: "x" is not a number/,
  ],
  [
    'a CSV cell that is no time',
    'timestamp,input_length,output_length\nsoon,1,2',
    'a.csv',
    /a\.csv:2:1: "soon" is not a time/,
  ],
]

for (const [what, text, name, message] of mistakes) {
  test(`${what} is answered with file, line and column`, async () => {
    await assert.rejects(read(text, name), { kind: 'bad-input', code: 'data-line-invalid', message })
  })
}

test('a file that is not there is named', async () => {
  const missing = readTrace(join(folder, 'none.jsonl'), AbortSignal.timeout(10_000))
  await assert.rejects(missing, { code: 'data-file-unreadable', message: /none\.jsonl/ })
})

test('any text is read, or refused as bad input', async () => {
  const lines = fc.array(fc.oneof(fc.string(), fc.json(), fc.constant(line())), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(lines, fc.constantFrom('any.jsonl', 'any.csv'), async (texts, name) => {
      await read(texts.join('\n'), name).then(
        trace => assert.ok(trace.count > 0),
        (error: { kind?: string }) => assert.equal(error.kind, 'bad-input'),
      )
    }),
    { numRuns: 60 },
  )
})

describe('the times of a trace', () => {
  const csv = (header: string, ...rows: string[]) => `${header}\n${rows.join('\n')}\n`
  const mooncake = 'timestamp,input_length,output_length'
  const even = (count: number, gap: number, start = 0) =>
    csv(mooncake, ...Array.from({ length: count }, (_, i) => `${start + i * gap},100,40`))
  const inferred: readonly (readonly [what: string, text: string, unit: string, spanMs: number, why: RegExp])[] = [
    [
      '5 requests a second with fractions',
      even(3000, 0.2),
      's',
      599_800,
      /fractions, and in milliseconds 3,000 .+ 0\.6 s/,
    ],
    ['whole seconds', even(3000, 1), 's', 2_999_000, /in milliseconds 3,000 requests/],
    ['Mooncake’s', even(100, 300), 'ms', 29_700, /Mooncake/],
    ['milliseconds with fractions', even(100, 333.3), 'ms', 32_996.7, /Mooncake/],
    ['a request a minute for months', even(1000, 60_000), 'ms', 59_940_000, /Mooncake/],
    ['seconds since 1970', even(50, 1, 1_700_000_000), 's', 49_000, /since 1970 the first is of 2023-11-14/],
    ['milliseconds since 1970', even(50, 7, 1_700_000_000_000), 'ms', 343, /since 1970 the first is of 2023-11-14/],
    ['microseconds since 1970', even(50, 1e6, 1.7e15), 'us', 49_000, /in microseconds since 1970/],
    ['5 requests a second in microseconds', even(3000, 200_000), 'us', 599_800, /3,000 requests would take 6\.94 days/],
    ['a request in 2 s in microseconds', even(300, 2e6), 'us', 598_000, /300 requests would take/],
    ['50 requests a second in nanoseconds', even(3000, 2e7), 'ns', 59_980, /requests would take 694 days/],
  ]
  for (const [what, text, unit, spanMs, why] of inferred)
    test(`are inferred where nothing says their unit: ${what}`, async () => {
      const trace = await read(text, 'inferred.csv', 'inferred')
      assert.equal(trace.time.unit, unit)
      assert.match(trace.time.guessed ?? '', why)
      assert.ok(Math.abs((trace.atMs.at(-1) ?? 0) - spanMs) < 0.1)
    })
  test('are in the unit that is asked for, and then nothing is guessed', async () => {
    const trace = await read(even(10, 3), 'asked.csv', 's')
    assert.deepEqual(trace.time, { unit: 's', guessed: null })
    assert.equal(trace.atMs.at(-1), 27_000)
  })
  test('are milliseconds for a load that replays them, whatever they look like', async () => {
    assert.equal((await read(even(3000, 0.5), 'load.csv')).atMs.at(-1), 1499.5)
  })
  test('are dates in JSON lines too', async () => {
    const at = ['2024-05-10 00:00:00.250000+00:00', '2024-05-10T00:00:01Z']
    const trace = await read(at.map(timestamp => line({ timestamp })).join('\n'), 'dates.jsonl', 'inferred')
    assert.deepEqual([[...trace.atMs], trace.time], [[0, 750], { unit: 'date', guessed: null }])
  })
  test('are refused when some are dates and some numbers', async () => {
    const text = csv(mooncake, '5,1,1', '2024-05-10 00:00:01,1,1')
    await assert.rejects(read(text, 'mixed.csv'), {
      kind: 'bad-input',
      message: /mixed\.csv:3:1: some times are dates/,
    })
  })
  test('are seconds in BurstGPT’s columns, whose rows without an answer are passed over and counted', async () => {
    const text = csv(
      'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type',
      '5,ChatGPT,472,18,490,Conversation log',
      '45,ChatGPT,1087,0,1087,Conversation log',
      '118.5,GPT-4,417,276,693,API log',
    )
    const trace = await read(text, 'burst.csv')
    assert.deepEqual([...trace.atMs], [0, 113_500])
    assert.deepEqual([trace.unanswered, trace.time.unit], [1, 's'])
    assert.match(trace.time.guessed ?? '', /BurstGPT/)
  })
  test('are seconds in Vidur’s columns', async () => {
    const trace = await read(
      csv('arrived_at,num_prefill_tokens,num_decode_tokens', '0.5,10,20', '2,11,21'),
      'vidur.csv',
    )
    assert.deepEqual([...trace.atMs], [0, 1500])
  })
})

test('a trace of half a million lines is read, whatever ends them and wherever a chunk of the file ends', async () => {
  const count = 500_000
  const rows = Array.from({ length: count }, (_, i) => `${count - i},${(i % 900) + 1},7`)
  const trace = await read(`\uFEFFtimestamp,input_length,output_length\r\n${rows.join('\r\n')}`, 'long.csv')
  assert.equal(trace.count, count)
  assert.equal(trace.atMs.at(-1), count - 1)
  assert.equal(trace.inputTokens[0], ((count - 1) % 900) + 1)
})
