import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type JsonForm, type JsonText, openJson, splitJson } from '../../src/generators/json-stream.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-json-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function opened(content: string | Uint8Array) {
  const file = join(folder, 'f.json')
  await writeFile(file, content)
  const { form, texts } = await openJson(file, AbortSignal.timeout(30_000))
  return { form, texts: await Array.fromAsync(texts) }
}

async function* cutInto(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
const rows = fc.array(object, { minLength: 1, maxLength: 6 })
const written: Readonly<Record<JsonForm, (values: readonly object[]) => string>> = {
  lines: values => values.map(value => JSON.stringify(value)).join('\r\n\n'),
  array: values => JSON.stringify(values, null, 1),
  data: values => `{ "data": ${JSON.stringify(values, null, '\t')}, "more": [1] }`,
  values: values => values.map(value => JSON.stringify(value, null, 2)).join('\n'),
}

for (const form of ['lines', 'array', 'data', 'values'] as const) {
  test(`values written as ${form} come back, however the text is cut, from the places where they begin`, async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (values, size) => {
        const text = written[form](values)
        const found: JsonText[] = await Array.fromAsync(splitJson('f', cutInto(text, size), form))
        assert.deepEqual(
          found.map(value => JSON.parse(value.text)),
          JSON.parse(JSON.stringify(values)),
        )
        const lines = text.split('\n')
        for (const value of found)
          assert.equal(lines[value.line - 1]?.[value.column - 1], '{', `${value.line}:${value.column}`)
      }),
      { numRuns: 200 },
    )
  })
}

const whole: readonly (readonly [string, string, JsonForm, readonly unknown[]])[] = [
  ['an array over many lines', '\uFEFF[\n {"a": 1},\n {"a": "]"}\n]\n', 'array', [{ a: 1 }, { a: ']' }]],
  ['an array in one line', '[{"a":1},{"a":2}]', 'array', [{ a: 1 }, { a: 2 }]],
  ['an array of strings', '["a, b", "\\"c\\""]', 'array', ['a, b', '"c"']],
  ['an array a line', '[{"a":1}]\n[{"a":2}]', 'lines', [[{ a: 1 }], [{ a: 2 }]]],
  ['an empty array', '[]', 'array', []],
  ['inputs in one line', '{"data":[{"a":1},{"a":2}]}', 'data', [{ a: 1 }, { a: 2 }]],
  ['lines that have a key data', '{"data":[1]}\n{"data":[2]}', 'lines', [{ data: [1] }, { data: [2] }]],
  ['one object over many lines', '{\n "a": 1\n}\n', 'values', [{ a: 1 }]],
  ['CRLF, empty lines and a byte order mark', '\uFEFF\r\n{"a":1}\r\n\r\n{"a":2}\r\n', 'lines', [{ a: 1 }, { a: 2 }]],
  ['no end of the last line', '{"a":1}', 'lines', [{ a: 1 }]],
]
for (const [what, content, form, values] of whole) {
  test(`${what} is seen as such`, async () => {
    const { form: found, texts } = await opened(content)
    assert.deepEqual([found, texts.map(({ text }) => JSON.parse(text) as unknown)], [form, values])
  })
}

const flawed: readonly (readonly [string, string, number, string])[] = [
  ['a file that ends within a row', '[\n{"a":1},\n{"a":', 3, 'the file ends within this row'],
  ['a file that ends between rows', '[\n{"a":1},\n', 3, 'the file ends before its array does'],
  ['a comma too many', '[{"a":1},\n]', 2, 'nothing follows a comma'],
  ['two arrays', '[{"a":\n1}]\n[{"a":2}]', 3, 'there is more text after the end of the array'],
]
for (const [what, content, line, flaw] of flawed) {
  test(`${what} is named with its line`, async () => {
    const { texts } = await opened(content)
    assert.deepEqual([texts.at(-1)?.line, texts.at(-1)?.flaw, texts.length], [line, flaw, 2])
  })
}

const foreign: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), /compressed with gzip; unpack it with `gunzip --keep`/],
  ['Zstandard', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), /Zstandard/],
  ['ZIP', Buffer.from('PK\u0003\u0004'), /ZIP/],
  ['Parquet', Buffer.from('PAR1'), /Parquet/],
  ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), /UTF-16; save it as UTF-8/],
  ['other bytes', Buffer.from([1, 0, 2]), /holds no text/],
]
for (const [what, bytes, message] of foreign) {
  test(`${what} is refused by name`, async () => {
    await assert.rejects(opened(bytes), { kind: 'bad-input', code: 'data-file-unreadable', message })
  })
}

test('a missing file and a folder are told apart from bad content', async () => {
  const open = (file: string) => openJson(file, AbortSignal.timeout(1000))
  await assert.rejects(open(join(folder, 'none')), { code: 'data-file-unreadable', message: /ENOENT/ })
  await assert.rejects(open(folder), { code: 'data-file-unreadable', message: /EISDIR/ })
})

test('a bracket that never closes is given up before it fills memory', async () => {
  async function* endless() {
    yield '[{"a": "'
    for (;;) yield 'x'.repeat(1 << 20)
  }
  await assert.rejects(Array.fromAsync(splitJson('f.json', endless(), 'array')), {
    code: 'data-line-invalid',
    message: /^f\.json:1:1: a row is longer than 64 MiB/,
  })
})
