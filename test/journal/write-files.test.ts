// Test part: process

import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { diskError } from '../../src/journal/disk.ts'
import { makeFolder, writeDurably, writeTogether } from '../../src/journal/index.ts'
import { scratch } from './journal-on-disk.ts'
import { cannotMount, smallDisk } from './small-disk.ts'

describe('files written together', () => {
  test('leave the old ones as they were, and nothing beside them, when the disk fills up on the way', async t => {
    await using disk = await smallDisk(64)
    if (disk === null) return t.skip(cannotMount)
    const [small, large] = [join(disk.path, 'small'), join(disk.path, 'large')]
    await writeFile(small, 'old')
    const files = [
      { path: small, content: 'new' },
      { path: large, content: 'x'.repeat(100_000) },
    ]
    await assert.rejects(writeTogether(files), { code: 'ENOSPC' })
    assert.deepEqual(await readdir(disk.path), ['small'])
    assert.equal(await readFile(small, 'utf8'), 'old')
  })

  test('follow a link and keep the mode of the file that they replace', async () => {
    await using folder = await scratch()
    const [file, name] = [join(folder.path, 'file'), join(folder.path, 'name')]
    await writeFile(file, 'old', { mode: 0o640 })
    await symlink(file, name)
    await writeDurably(name, 'new')
    assert.ok((await lstat(name)).isSymbolicLink())
    assert.equal(await readFile(file, 'utf8'), 'new')
    assert.equal((await lstat(file)).mode & 0o777, 0o640)
  })

  test('go straight into a device, which stays what it is', async () => {
    await writeDurably('/dev/null', 'x')
    assert.ok((await lstat('/dev/null')).isCharacterDevice())
    await assert.rejects(writeDurably('/dev/full', 'x'), { code: 'ENOSPC' })
  })

  test('replace nothing where a new file was asked for', async () => {
    await using folder = await scratch()
    const path = join(folder.path, 'file')
    await writeFile(path, 'precious')
    await assert.rejects(writeTogether([{ path, content: 'new', isNew: true }]), { code: 'EEXIST' })
    assert.deepEqual([await readFile(path, 'utf8'), await readdir(folder.path)], ['precious', ['file']])
  })
})

describe('a folder that can’t be made is told at once:', () => {
  const says = async (path: string) => {
    const error = await makeFolder(path).then(
      () => null,
      cause => diskError(cause, 'create the run folder', path),
    )
    return error === null ? null : [error.kind, error.message, error.remedy !== undefined]
  }

  test('below a link to a volume that isn’t mounted', async () => {
    await using folder = await scratch()
    await symlink('/nowhere/volume', join(folder.path, 'results'))
    assert.deepEqual(await says(join(folder.path, 'results/quick')), [
      'environment',
      `Could not create the run folder: ${folder.path}/results is a link to /nowhere/volume, which does not exist`,
      true,
    ])
  })

  test('in /proc', async () => {
    const message = "Could not create the run folder: /proc/fulcrum can't be made"
    assert.deepEqual(await says('/proc/fulcrum/quick'), ['environment', message, true])
  })

  test('where a file has the name', async () => {
    await using folder = await scratch()
    await writeFile(join(folder.path, 'results'), '')
    const message = `Could not create the run folder: ${folder.path}/results is a file`
    for (const below of ['', '/quick', '/quick/deeper'])
      assert.deepEqual(await says(join(folder.path, `results${below}`)), ['environment', message, true])
  })

  test('where links lead in a circle', async () => {
    await using folder = await scratch()
    await symlink(join(folder.path, 'results'), join(folder.path, 'results'))
    assert.match(String((await says(join(folder.path, 'results/quick')))?.[1]), /its links lead in a circle/)
  })

  test('and one that can is made with those above it, by any number of processes at once', async () => {
    await using folder = await scratch()
    await mkdir(join(folder.path, 'real'))
    await symlink(join(folder.path, 'real'), join(folder.path, 'link'))
    const deep = join(folder.path, 'link/a/b/c')
    await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(folder.path, 'link/a/b/d'))])
    assert.deepEqual(await readdir(join(folder.path, 'real/a/b')), ['c', 'd'])
  })
})
