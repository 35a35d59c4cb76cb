import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { readTrace, traceTimesMs } from '../../src/load/trace.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-trace-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function read(text: string, name = 'trace.jsonl') {
  const file = join(folder, name)
  await writeFile(file, text)
  return readTrace(file, AbortSignal.timeout(10_000))
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
    'a CSV cell that is no count',
    'timestamp,input_length,output_length\n1,x,2',
    'a.csv',
    /a\.csv:2:3: "x" is no number/,
  ],
  [
    'a CSV cell that is no time',
    'timestamp,input_length,output_length\nsoon,1,2',
    'a.csv',
    /a\.csv:2:1: "soon" is no time/,
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
