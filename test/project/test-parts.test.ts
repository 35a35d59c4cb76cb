import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { partNames, partOf } from '../../scripts/test-parts.ts'

describe('the part of a test file', () => {
  test('is unit unless something says otherwise', () => {
    assert.equal(partOf('test/metrics/summary.test.ts', "import assert from 'node:assert/strict'\n"), 'unit')
  })

  test('is the one that its first line declares', () => {
    for (const name of partNames) assert.equal(partOf('test/a/b.test.ts', `// Test part: ${name}\n\nimport`), name)
  })

  test('is decided by the folders of commands and of real systems', () => {
    assert.equal(partOf('test/cli/tune.test.ts', 'import'), 'cli')
    assert.equal(partOf('test/systems/kubernetes/graph.test.ts', 'import'), 'systems')
    assert.throws(() => partOf('test/cli/tune.test.ts', '// Test part: unit\n'), /the folder decides .* remove line 1/)
  })

  test('is refused where nothing has its name, with the names that there are', () => {
    assert.throws(
      () => partOf('test/a.test.ts', '// Test part: slow\n'),
      /a\.test\.ts:1: unknown test part 'slow'.*unit/,
    )
  })

  test('is never missed because of how it is written', () => {
    for (const line of ['//Test part: load', '// test part: load', '// Test part:load', '\n// Test part: load'])
      assert.throws(() => partOf('test/a.test.ts', `${line}\n`), /the first line must be exactly/)
  })

  test('is known for every test file of the repository', async () => {
    let files = 0
    for await (const file of glob('test/**/*.test.ts')) {
      assert.ok(partNames.includes(partOf(file, await readFile(file, 'utf8'))))
      files++
    }
    assert.ok(files > 200)
  })
})
