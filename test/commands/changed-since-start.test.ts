// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { execa } from 'execa'
import { resumeRun } from '../../src/commands/resume.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'

let root = ''
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'fulcrum-began-'))
})
after(() => rm(root, { recursive: true, force: true }))

const sweep = `name: began
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
topologies: agg x1
workloads: [{ name: w, isl: 12, osl: 2, dataset: d.jsonl }]
load: { concurrency: 1, requests: 3, warmup: 0 }
repeats: 2
budget: { points: 1 }
`
const rows = (word: string) =>
  Array.from({ length: 4 }, (_, row) => JSON.stringify({ prompt: `${word} ${row}` })).join('\n')

/** A folder with the sweep and its dataset, and what can be done there. */
async function sweepIn(name: string) {
  const folder = await mkdtemp(join(root, `${name}-`))
  const file = join(folder, 's.yaml')
  const resultsRoot = join(folder, 'results')
  const signal = AbortSignal.timeout(240_000)
  const exchange = (word: string) => writeFile(join(folder, 'd.jsonl'), rows(word))
  await writeFile(file, sweep)
  await exchange('hello')
  return {
    folder,
    exchange,
    run: () => runSweepFile({ file, resultsRoot, startNew: false, signal }),
    resume: (run: string, acceptRevision = false) => resumeRun({ folder: run, resultsRoot, signal, acceptRevision }),
    git: (...args: string[]) => execa('git', ['-C', folder, '-c', 'user.name=n', '-c', 'user.email=e', ...args]),
  }
}

const notesOf = async (folder: string) =>
  (await readRun(folder)).lines.flatMap(({ event }) => (event.type === 'note' ? [event.message] : []))

test('a run whose dataset was exchanged is not gone on with: a new one begins and says why, and the old one goes on once the file is back', async () => {
  const { exchange, run, resume } = await sweepIn('dataset')
  const first = await run()
  assert.deepEqual([first.outcome, first.measured], ['budget', 1])
  await exchange('other')
  await assert.rejects(resume(first.folder), {
    kind: 'bad-input',
    code: 'run-began-with-other',
    message: /Since it started: d\.jsonl has other content/,
  })
  const second = await run()
  assert.notEqual(second.folder, first.folder)
  assert.match(
    second.notes?.[0] ?? '',
    /^Starting a new run\. Since the unfinished run started: d\.jsonl has other content/,
  )
  assert.deepEqual(await notesOf(second.folder), second.notes)
  assert.equal((await readRun(first.folder)).results.length, 1)
  await exchange('hello')
  const third = await run()
  assert.deepEqual([third.folder, third.outcome, third.resumed], [first.folder, 'complete', true])
  const hashes = (await readRun(first.folder)).results.map(({ point }) => point.workload.datasetSha256)
  assert.equal(new Set(hashes).size, 1)
})

test('no flag mixes two datasets in one run', async () => {
  const { exchange, run, resume } = await sweepIn('flag')
  const { folder } = await run()
  await exchange('other')
  await assert.rejects(resume(folder, true), { code: 'run-began-with-other' })
})

test('a run of before files were recorded is known by the ids of its points', async () => {
  const { exchange, run, resume } = await sweepIn('old')
  const { folder } = await run()
  const manifest = join(folder, 'manifest.json')
  const { files: _, ...rest } = JSON.parse(await readFile(manifest, 'utf8')) as { files: unknown }
  await writeFile(manifest, JSON.stringify(rest))
  await exchange('other')
  await assert.rejects(resume(folder), { message: /1 of its 1 point is no longer part of the sweep/ })
  await exchange('hello')
  assert.equal((await resume(folder)).outcome, 'complete')
})

test('a run goes on with another revision only when that is said, and tells so', async () => {
  const { run, resume, git, folder: repository } = await sweepIn('git')
  await git('init', '-q')
  await writeFile(join(repository, '.gitignore'), 'results\n')
  await git('add', '.')
  await git('commit', '-qm', 'one')
  const { folder } = await run()
  await git('commit', '-qm', 'two', '--allow-empty')
  await assert.rejects(resume(folder), {
    code: 'run-began-with-other',
    message: /the git revision is [0-9a-f]{12} and was [0-9a-f]{12}/,
    remedy: /--accept-revision/,
  })
  const other = await run()
  assert.notEqual(other.folder, folder)
  assert.match(other.notes?.[0] ?? '', /Starting a new run\. .*git revision/)
  const { outcome, notes } = await resume(folder, true)
  assert.equal(outcome, 'complete')
  assert.match(notes?.[0] ?? '', /^Resuming although these changed since the run started: the git revision is /)
  assert.deepEqual(await notesOf(folder), notes)
})
