// Test part: process

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import {
  createRun,
  listRuns,
  openRun,
  pastSecondsPerPoint,
  type RunRequest,
  readRun,
  runsMadeIn,
  runsOf,
  runToGoOnWith,
} from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { runJson } from '../../src/render/export/json.ts'
import { noon, note, scratch } from './journal-on-disk.ts'

const request = (name: string, text = `name: ${name}\n`): RunRequest => ({
  sweep: { name, file: `/sweeps/${name}.yaml`, text },
  command: ['fulcrum', 'run', `${name}.yaml`],
  plan: { points: 2, deployments: 1, workersStarted: 2, lowerBound: 2, exact: true },
})

async function finishedRun(root: string, name: string, now: () => Date): Promise<string> {
  await using run = await createRun(root, request(name), { now })
  await run.journal.append({ type: 'run-ended', outcome: 'complete', reason: '' })
  return run.folder
}

const day = (date: number) => () => new Date(Date.UTC(2026, 10, date))

describe('a new run', () => {
  test('has its folder named by sweep, time and hash, with manifest and journal inside', async () => {
    await using root = await scratch()
    await using run = await createRun(root.path, request('quick'), { now: noon })
    assert.match(run.folder, /\/quick\/20261124T120000Z-[0-9a-f]{6}$/)
    assert.equal(run.manifest.runId, run.folder.split('/').at(-1))
    assert.equal(run.manifest.versions.node, process.versions.node)
    assert.ok(run.manifest.host.cores >= 1)
    assert.deepEqual((await readdir(run.folder)).sort(), ['attempts', 'journal.jsonl', 'manifest.json'])
    assert.deepEqual(await readdir(join(root.path, 'quick')), [run.manifest.runId])
  })

  test('of the same sweep in the same second gets a folder of its own', async () => {
    await using root = await scratch()
    const runs = await Promise.all([1, 2, 3].map(() => createRun(root.path, request('quick'), { now: noon })))
    assert.equal(new Set(runs.map(run => run.folder)).size, 3)
    for (const run of runs) await run.close()
  })

  test('never leaves the results folder, whatever the sweep is called', async () => {
    await using root = await scratch()
    await using run = await createRun(root.path, request('../../etc/..'), { now: noon })
    assert.ok(run.folder.startsWith(`${root.path}/`))
    assert.equal(run.folder, resolve(run.folder))
  })

  test('has no secret in its manifest', async () => {
    await using root = await scratch()
    const asked = { ...request('quick', 'name: quick\nenv: { A_TOKEN: one-secret, B: two-secret }\n') }
    const command = ['fulcrum', 'run', '--api-key', 'three-secret', 'Bearer four-secret']
    await using run = await createRun(root.path, { ...asked, command }, { env: { B_KEY: 'two-secret' } })
    assert.ok(!/(one|two|three|four)-secret/.test(await readFile(join(run.folder, 'manifest.json'), 'utf8')))
  })

  test('says clearly that its folder can’t be made', async () => {
    await using root = await scratch()
    await writeFile(join(root.path, 'file'), '')
    await assert.rejects(createRun(join(root.path, 'file'), request('quick')), (error: unknown) => {
      assert.ok(error instanceof FulcrumError)
      assert.equal(error.kind, 'environment')
      assert.match(error.message, /^Could not create the run folder: /)
      return true
    })
  })
})

describe('a run read back', () => {
  test('holds what was written, and the torn tail is said', async () => {
    await using root = await scratch()
    const run = await createRun(root.path, request('quick'), { now: noon })
    await run.journal.append(note('one'))
    await run.journal.append(note('two'))
    await run.close()
    await truncate(run.journal.file, (await readFile(run.journal.file)).length - 3)
    const read = await readRun(run.folder)
    assert.equal(read.torn, true)
    assert.deepEqual(
      read.lines.map(line => line.event),
      [note('one')],
    )
    assert.deepEqual(JSON.parse(runJson(read)).lines, read.lines)
  })

  test('has ended only when nothing came after its end', async () => {
    await using root = await scratch()
    const folder = await finishedRun(root.path, 'quick', noon)
    assert.equal((await readRun(folder)).ended?.outcome, 'complete')
    await using again = await openRun(folder)
    await again.journal.append({ type: 'run-started', fulcrumVersion: '1', pid: 1, attempt: 2 })
    assert.equal((await readRun(folder)).ended, null)
  })

  test('can be read while it is being written', async () => {
    await using root = await scratch()
    await using run = await createRun(root.path, request('quick'))
    await run.journal.append(note('now'))
    assert.equal((await readRun(run.folder)).lines.length, 1)
  })

  test('of a folder that holds none is the user’s mistake', async () => {
    await using root = await scratch()
    await assert.rejects(readRun(root.path), { code: 'not-a-run', kind: 'bad-input' })
  })
})

describe('runs in a results folder', () => {
  test('are listed oldest first, and what is no run is passed over', async () => {
    await using root = await scratch()
    const late = await finishedRun(root.path, 'a', day(3))
    const early = await finishedRun(root.path, 'b', day(1))
    const middle = await finishedRun(root.path, 'a', day(2))
    await mkdir(join(root.path, 'a', 'notes'))
    await writeFile(join(root.path, 'README'), '')
    const folders = (await listRuns(root.path)).map(entry => entry.folder)
    assert.deepEqual(folders, [early, middle, late])
    assert.equal((await runsOf(root.path, 'a')).at(-1)?.folder, late)
  })

  test('are made there when they are in the folder of their sweep; a copy elsewhere is never the newest', async () => {
    await using root = await scratch()
    const made = await finishedRun(root.path, 'a', day(1))
    const late = await finishedRun(root.path, 'b', day(3))
    await mkdir(join(root.path, 'shipped'))
    await rename(late, join(root.path, 'shipped', 'b'))
    const folders = (await runsMadeIn(root.path)).map(entry => entry.folder)
    assert.deepEqual(folders, [made])
    assert.equal((await listRuns(root.path)).length, 2)
  })

  test('are none where there is no folder', async () => {
    assert.deepEqual(await listRuns('/nowhere/at/all'), [])
    assert.deepEqual(await runsOf('/nowhere/at/all', 'a'), [])
    assert.equal(await pastSecondsPerPoint('/nowhere/at/all', 'a'), undefined)
  })

  test('are gone on with when the sweep file is the same and its last run has no end', async () => {
    await using root = await scratch()
    const sweep = request('a').sweep
    await finishedRun(root.path, 'a', day(1))
    const found = async (text = sweep.text) =>
      (await runToGoOnWith(root.path, { ...sweep, text }, async () => [])).run?.folder
    assert.equal(await found(), undefined)
    const run = await createRun(root.path, request('a'), { now: day(2) })
    await run.close()
    assert.equal(await found(), run.folder)
    assert.equal(await found('name: a\nrepeats: 2\n'), undefined)
  })
})
