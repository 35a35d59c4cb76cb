// Test part: unit

import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { exportAll } from '../../src/commands/export-all.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const baseline = join(import.meta.dirname, '../../results/baseline/quick')

/** A results folder with runs of these ids. */
async function results(folder: string, ...ids: string[]): Promise<string> {
  for (const id of ids) {
    const run = join(folder, 'results/quick', id)
    await mkdir(run, { recursive: true })
    for (const file of ['manifest.json', 'journal.jsonl']) await cp(join(baseline, file), join(run, file))
    const manifest = JSON.parse(await readFile(join(run, 'manifest.json'), 'utf8'))
    await writeFile(join(run, 'manifest.json'), JSON.stringify({ ...manifest, runId: id }))
  }
  return join(folder, 'results')
}

describe('an export of all runs', () => {
  test('has a folder for each sweep and run, and a table of the runs', async () => {
    await using folder = await scratch()
    const resultsRoot = await results(folder.path, 'one', 'two')
    const to = join(folder.path, 'all')
    const { written, unchanged } = await exportAll({ resultsRoot, format: 'csv', to })
    assert.deepEqual([written, unchanged], [2, 0])
    assert.deepEqual((await readdir(join(to, 'sweep=quick'))).sort(), ['run=one', 'run=two'])
    const runs = (await readFile(join(to, 'runs.csv'), 'utf8')).trim().split('\n')
    assert.match(runs[0] ?? '', /^sweep,run,created_at,revision,/)
    assert.equal(runs.length, 3)
    const points = await readFile(join(to, 'sweep=quick/run=one/points.csv'), 'utf8')
    assert.equal(points.trim().split('\n').length, 25)
  })

  test('writes only what changed since the last time, and what was deleted', async () => {
    await using folder = await scratch()
    const resultsRoot = await results(folder.path, 'one', 'two', 'three')
    const request = { resultsRoot, format: 'parquet', to: join(folder.path, 'all') }
    await exportAll(request)
    const file = join(request.to, 'sweep=quick/run=one/points.parquet')
    const before = await stat(file)
    await rm(join(request.to, 'sweep=quick/run=three'), { recursive: true })
    const journal = join(resultsRoot, 'quick/two/journal.jsonl')
    const lines = (await readFile(journal, 'utf8')).split('\n')
    await writeFile(journal, `${lines.slice(0, -3).join('\n')}\n`)
    const { written, unchanged } = await exportAll(request)
    assert.deepEqual([written, unchanged], [2, 1])
    assert.equal((await stat(file)).mtimeMs, before.mtimeMs)
  })

  test('writes everything again in another format, or of another version', async () => {
    await using folder = await scratch()
    const request = { resultsRoot: await results(folder.path, 'one'), to: join(folder.path, 'all') }
    await exportAll({ ...request, format: 'parquet' })
    assert.equal((await exportAll({ ...request, format: 'csv' })).written, 1)
    const stamps = join(request.to, '_fulcrum.json')
    await writeFile(stamps, (await readFile(stamps, 'utf8')).replace(/"version": "[^"]*"/, '"version": "0.0.1"'))
    assert.equal((await exportAll({ ...request, format: 'csv' })).written, 1)
    await writeFile(stamps, 'not JSON')
    assert.equal((await exportAll({ ...request, format: 'csv' })).written, 1)
  })

  test('names a run with a damaged journal, and writes the others', async () => {
    await using folder = await scratch()
    const resultsRoot = await results(folder.path, 'bad', 'good')
    const journal = join(resultsRoot, 'quick/bad/journal.jsonl')
    await writeFile(journal, `damaged\n${await readFile(journal, 'utf8')}`)
    const exported = await exportAll({ resultsRoot, format: 'csv', to: join(folder.path, 'all') })
    assert.equal(exported.written, 1)
    assert.deepEqual(
      exported.unreadable.map(one => one.folder),
      [join(resultsRoot, 'quick/bad')],
    )
  })

  test('writes the folders of a format that has a folder for each point', async () => {
    await using folder = await scratch()
    const to = join(folder.path, 'all')
    await exportAll({ resultsRoot: await results(folder.path, 'one'), format: 'genai-perf', to })
    assert.equal((await readdir(join(to, 'sweep=quick/run=one'))).length, 24)
  })

  test('of a folder without runs is refused, and writes nothing', async () => {
    await using folder = await scratch()
    const to = join(folder.path, 'all')
    await assert.rejects(exportAll({ resultsRoot: folder.path, format: 'csv', to }), (error: unknown) => {
      assert.ok(error instanceof FulcrumError)
      return error.code === 'no-run'
    })
    await assert.rejects(stat(to))
  })
})
