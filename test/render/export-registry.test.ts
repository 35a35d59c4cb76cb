import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { exportRun } from '../../src/commands/export.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { fileFormat, folderFormat } from '../../src/render/export/format.ts'
import { exportFormats } from '../../src/render/export/formats.ts'
import { formatList } from '../../src/render/terminal/export-formats.ts'
import { scratch } from '../journal/journal-on-disk.ts'

/** A real run of sweeps/quick.yaml, kept in the repository. */
const baseline = join(import.meta.dirname, '../../results/baseline/quick')
/** What somebody would write in a file of its own. */
const ids = fileFormat({ name: 'ids', about: 'the ids of all points' }, run =>
  run.results.map(({ point }) => `${point.id}\n`).join(''),
)
const notes = folderFormat({ name: 'notes', about: 'a note for each point' }, ({ status }) => ({ 'note.txt': status }))
const formats = [...exportFormats, ids, notes]

describe('an export format that is added to the registry', () => {
  test('is written to stdout, or to the file that is named', async () => {
    await using folder = await scratch()
    const choice = { folder: baseline, resultsRoot: '' }
    const { content } = await exportRun({ ...choice, format: 'ids' }, formats)
    assert.match(String(content), /^([0-9a-f]+\n)+$/)
    const to = join(folder.path, 'ids.txt')
    assert.deepEqual((await exportRun({ ...choice, format: 'ids', to }, formats)).files, [to])
    assert.equal(await readFile(to, 'utf8'), content)
  })

  test('has a folder for each point, where it writes several files, and needs a place for them', async () => {
    await using folder = await scratch()
    const choice = { folder: baseline, resultsRoot: '', format: 'notes' }
    const { files } = await exportRun({ ...choice, to: folder.path }, formats)
    assert.equal((await readdir(folder.path)).length, files.length)
    for (const file of files) assert.match(await readFile(file, 'utf8'), /^(ok|invalid|failed)$/)
    await assert.rejects(exportRun(choice, formats), { code: 'no-folder' })
  })

  test('is named by the help and by the error on an unknown name', async () => {
    assert.match(formatList(formats), /^ {2}ids +the ids of all points; stdout/m)
    assert.match(formatList(formats), /^ {2}notes +a note for each point; a folder for each point/m)
    await assert.rejects(exportRun({ resultsRoot: '', format: 'ids' }), (error: unknown) => {
      assert.ok(error instanceof FulcrumError)
      assert.equal(error.code, 'unknown-format')
      for (const { name } of exportFormats) assert.ok(error.remedy?.includes(name), name)
      return true
    })
  })
})

test('every registered format has a name of its own and says what it is', () => {
  assert.equal(new Set(exportFormats.map(({ name }) => name)).size, exportFormats.length)
  for (const { about } of exportFormats) assert.ok(about.length > 0)
})
