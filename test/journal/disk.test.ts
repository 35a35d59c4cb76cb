// Test part: process

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import { baselineOf, createRun, openJournal, openRun, setBaseline } from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { note, scratch } from './journal-on-disk.ts'
import { cannotMount, smallDisk } from './small-disk.ts'

const request = {
  sweep: { name: 'quick', file: '/sweeps/quick.yaml', text: 'name: quick\n' },
  command: ['fulcrum', 'run', 'quick.yaml'],
  plan: { points: 2, deployments: 1, workersStarted: 2, lowerBound: 2, exact: true },
}

/** Appends until the disk refuses; the number of lines that it took. */
async function fill(folder: string): Promise<{ lines: number; error: unknown }> {
  await using journal = await openJournal(folder)
  for (let lines = 0; ; lines++) {
    try {
      await journal.append(note('x'.repeat(1500)))
    } catch (error) {
      return { lines, error }
    }
  }
}

const refused = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FulcrumError, String(error))
  assert.deepEqual([error.kind, error.code], ['environment', code])
  assert.match(error.message, pattern)
  assert.ok(error.where?.startsWith('/'))
  assert.ok(error.remedy !== undefined)
  return true
}

describe('a full disk', () => {
  test('is one clear error; the journal ends with the line before, and goes on when there is room again', async t => {
    await using disk = await smallDisk(32)
    if (disk === null) return t.skip(cannotMount)
    const { lines, error } = await fill(disk.path)
    assert.ok(refused('disk-full', /^Could not write to the journal: the disk is full$/)(error))
    const text = await readFile(join(disk.path, 'journal.jsonl'), 'utf8')
    assert.equal(text.split('\n').length - 1, lines)
    assert.ok(text.endsWith('}\n'))
    await disk.makeWritable(128)
    await using journal = await openJournal(disk.path)
    assert.equal((await journal.append(note('room'))).seq, lines)
  })

  test('before a run could be made leaves nothing behind', async t => {
    await using disk = await smallDisk(4)
    if (disk === null) return t.skip(cannotMount)
    const padded = { ...request, sweep: { ...request.sweep, text: `# ${'x'.repeat(50_000)}\n` } }
    await assert.rejects(createRun(disk.path, padded), refused('disk-full', /^Could not create the run folder/))
    assert.deepEqual(await readdir(join(disk.path, 'quick')), [])
  })

  test('is found by a limit on file size too', async () => {
    await using folder = await scratch()
    const filler = join(import.meta.dirname, 'filling-process.ts')
    const { stdout } = await execa('prlimit', ['--fsize=20000', process.execPath, filler, folder.path])
    assert.match(stdout, /^environment disk-full Could not write to the journal: the file may not grow further$/)
    const text = await readFile(join(folder.path, 'journal.jsonl'), 'utf8')
    assert.ok(text.endsWith('}\n') && text.length > 18_000)
  })
})

describe('a read-only disk', () => {
  test('is one clear error for a baseline, and the one before stays', async t => {
    await using disk = await smallDisk(256)
    if (disk === null) return t.skip(cannotMount)
    const folders: string[] = []
    for (let i = 0; i < 2; i++) {
      await using run = await createRun(disk.path, { ...request, command: ['fulcrum', String(i)] })
      folders.push(run.folder)
    }
    const [first = '', second = ''] = folders
    await setBaseline(first)
    await disk.makeReadOnly()
    await assert.rejects(setBaseline(second), refused('disk-read-only', /^Could not write the baseline: the disk is/))
    assert.equal(await baselineOf(join(disk.path, 'quick')), first)
  })

  test('is one clear error for a new run', async t => {
    await using disk = await smallDisk(64)
    if (disk === null) return t.skip(cannotMount)
    await disk.makeReadOnly()
    await assert.rejects(createRun(disk.path, request), refused('disk-read-only', /the disk is read-only/))
  })

  test('is one clear error for a run that is resumed', async t => {
    await using disk = await smallDisk(256)
    if (disk === null) return t.skip(cannotMount)
    const run = await createRun(disk.path, request)
    await run.close()
    await disk.makeReadOnly()
    await assert.rejects(openRun(run.folder), refused('disk-read-only', /^Could not lock the run folder/))
  })
})
