import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { planSweep } from '../../src/plan/plan.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { mistakes, sweepText } from './sweep-text.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-datasets-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** A prompt of 3 + `words` tokens with its template. Each row has other words, as far as they suffice. */
const prompt = (words: number, row = 0) =>
  Array.from({ length: words }, (_, i) => ((row >> i) % 2 === 1 ? 'world' : 'hello')).join(' ')

/** Reads a sweep whose only workload has a dataset of this content. */
async function sweepWith(
  content: string | Uint8Array,
  { workload = 'isl: 13, osl: 20', load = '{ concurrency: 2 }' } = {},
) {
  await writeFile(join(folder, 'd.jsonl'), content)
  return sweepOf(`[{ name: w, ${workload}, dataset: d.jsonl }]`, load)
}

async function sweepOf(workloads: string, load = '{ concurrency: 2 }') {
  const file = join(folder, 's.yaml')
  await writeFile(file, sweepText({ workloads, load }))
  return loadSweep(file)
}

const jsonl = (rows: readonly object[]) => rows.map(row => JSON.stringify(row)).join('\n')
const many = (words: number, rows = 30) => Array.from({ length: rows }, (_, row) => ({ prompt: prompt(words, row) }))

test('a dataset is read, counted and measured with the sweep', async () => {
  const { datasets, warnings } = await sweepWith(jsonl([...many(10, 15), ...many(6, 15)]), {
    workload: 'isl: { mean: 11.5, stddev: 2 }, osl: 20',
  })
  const [found] = datasets ?? []
  assert.deepEqual(
    [found?.workload, found?.format, found?.rows, found?.odd, found?.counted],
    ['w', 'JSON lines of prompts', 30, null, 24],
  )
  assert.deepEqual([found?.isl.min, found?.isl.max, found?.osl], [9, 13, { mean: 20, min: 20, max: 20 }])
  assert.deepEqual(warnings, [])
})

test('repeated prompts are told before the run, whatever else differs in their rows', async () => {
  const rows = many(10).map((row, i) => ({ ...row, output_tokens: 20 + (i % 2) }))
  const { datasets, warnings } = await sweepWith(jsonl([...rows.slice(0, 10), ...rows.slice(0, 5), ...rows.slice(10)]))
  assert.equal(datasets?.[0]?.repeated, 5)
  assert.match(
    warnings[0] ?? '',
    /5 of the 24 rows that a point sends repeat an earlier prompt.*; remove repeated rows/,
  )
  assert.equal(warnings.length, 1, warnings.join('\n'))
})

test('a dataset of too few rows says how many of them differ', async () => {
  const { warnings } = await sweepWith(jsonl(Array.from({ length: 5 }, () => ({ prompt: prompt(10) }))))
  assert.match(warnings[0] ?? '', /the dataset has 5 rows with 1 different prompt, but a point sends up to/)
})

test('the format is named', async () => {
  const chat = { conversations: [{ from: 'human', value: prompt(10) }] }
  const { datasets } = await sweepWith(JSON.stringify([chat, chat], null, 1))
  assert.deepEqual(
    datasets?.map(({ format }) => format),
    ['a JSON array of ShareGPT conversations'],
  )
})

test('odd rows are counted, and the first is named with its place', async () => {
  const { warnings } = await sweepWith(jsonl([...many(10), { messages: [{ role: 'bing', content: 'a' }] }, { x: 1 }]))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /s\.yaml:5:\d+: 2 of 32 rows of the dataset cannot be used and are skipped/)
  assert.match(warnings[0] ?? '', /the first is .*d\.jsonl:31:2: messages\[0\] is a turn of "bing"/)
})

test('lengths that are not what the workload says are told, with what is', async () => {
  const { warnings } = await sweepWith(jsonl(many(10).map(row => ({ ...row, output_tokens: 40 }))), {
    workload: 'isl: 500, osl: 20',
  })
  assert.equal(warnings.length, 2)
  assert.match(warnings[0] ?? '', /isl is 500, but the dataset's mean is 13 tokens \(13 to 13\); write isl: 13/)
  assert.match(warnings[1] ?? '', /osl is 20, but the dataset's mean is 40 tokens \(40 to 40\); write osl: 40/)
})

test('fewer rows than a point sends requests are told', async () => {
  const { warnings } = await sweepWith(jsonl(many(10, 8)), { load: '{ concurrency: [1, 2], requests: 40, warmup: 4 }' })
  assert.deepEqual(warnings.length, 1)
  assert.match(warnings[0] ?? '', /the dataset has 8 rows, but a point sends up to 44 requests: prompts repeat/)
})

const refused: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['an empty file', '', /dataset: .*d\.jsonl:1:1: the dataset is empty/],
  ['an empty array', '[]', /the dataset is empty/],
  ['blank lines', '\n \r\n', /the dataset is empty/],
  [
    'only odd rows',
    '{"question": "a"}',
    /d\.jsonl:1:1: the line has neither messages nor a prompt: its keys are "question"/,
  ],
  ['text', 'hello\nworld\n', /d\.jsonl:1:1: no JSON: .*2 of 2 rows/],
  [
    'gzip',
    gzipSync('{"prompt": "a"}'),
    /could not read .*: it is compressed with gzip; unpack it with `gunzip --keep`/,
  ],
  ['a first line cut off', '{"prompt": "a', /no JSON: Unterminated string/],
  ['an array cut off in its first row', '[{"prompt": "a', /d\.jsonl:1:2: the file ends within this row/],
]
for (const [what, content, message] of refused) {
  test(`refused at validation with its place in the sweep file: ${what}`, async () => {
    const told = await mistakes(sweepWith(content))
    assert.match(told, /^\S*s\.yaml:5:\d+: workloads\[0\]\.dataset: /)
    assert.match(told, message)
    assert.equal(told.split('\n').length, 1)
  })
}

test('what is no file is refused', async () => {
  const workloads = (path: string) => `[{ isl: 9, osl: 9, dataset: ${path} }]`
  assert.match(await mistakes(sweepOf(workloads('none.jsonl'))), /none\.jsonl does not exist/)
  assert.match(await mistakes(sweepOf(workloads('.'))), /a folder; write the path of a file/)
  assert.match(await mistakes(sweepOf(workloads('/dev/null'))), /a device or pipe; write the path of a file/)
})

test('a dataset by its content is part of a point’s id, and its path is not', async () => {
  const ids = async (path: string) => {
    const sweep = await sweepOf(`[{ isl: 13, osl: 20, dataset: ${path} }]`)
    return planSweep(sweep).deployments.flatMap(({ points }) => points.map(({ id }) => id))
  }
  await writeFile(join(folder, 'a.jsonl'), jsonl(many(10)))
  await mkdir(join(folder, 'elsewhere'), { recursive: true })
  await copyFile(join(folder, 'a.jsonl'), join(folder, 'elsewhere/b.jsonl'))
  const before = await ids('a.jsonl')
  assert.deepEqual(await ids('elsewhere/b.jsonl'), before)
  await writeFile(join(folder, 'a.jsonl'), jsonl(many(9)))
  const after = await ids('a.jsonl')
  assert.ok(after.every(id => !before.includes(id)))
})

test('two workloads with the same content under two names are one', async () => {
  await writeFile(join(folder, 'a.jsonl'), jsonl(many(10)))
  await copyFile(join(folder, 'a.jsonl'), join(folder, 'b.jsonl'))
  const told = await mistakes(
    sweepOf('[{ name: a, isl: 13, osl: 20, dataset: a.jsonl }, { name: b, isl: 13, osl: 20, dataset: b.jsonl }]'),
  )
  assert.match(told, /workloads\[1\] repeats the workload "a"/)
})
