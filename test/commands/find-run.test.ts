// Test part: unit
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { runFolder } from '../../src/commands/find-run.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const id = '20261124T020000Z-bbbbbb'

describe('a run that a command names', () => {
  test('is found by its ID below the results', async () => {
    await using place = await scratch()
    await mkdir(join(place.path, 'nightly', id), { recursive: true })
    assert.equal(await runFolder(id, place.path), join(place.path, 'nightly', id))
  })

  test('is a path where one is there, or where it has a slash', async () => {
    await using place = await scratch()
    await mkdir(join(place.path, 'nightly', id), { recursive: true })
    assert.equal(await runFolder(`x/${id}`, place.path), resolve(`x/${id}`))
    assert.equal(await runFolder('src', place.path), resolve('src'))
    assert.equal(await runFolder('no-such-run', place.path), resolve('no-such-run'))
  })

  test('is refused if runs of several sweeps have its ID', async () => {
    await using place = await scratch()
    for (const sweep of ['a', 'b']) await mkdir(join(place.path, sweep, id), { recursive: true })
    await assert.rejects(runFolder(id, place.path), { code: 'ambiguous-run' })
  })
})
