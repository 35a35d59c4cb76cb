// Test part: process

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import { partNames } from '../../scripts/test-parts.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'

/** A test runner that finds itself inside another one runs nothing. */
const outside = { NODE_TEST_CONTEXT: undefined }
const npmTest = (...args: string[]) =>
  execa(process.execPath, [join(repository, 'scripts/test.ts'), ...args], { reject: false, env: outside })

describe('npm test', () => {
  test('names the parts where one is unknown, and exits with 2', async () => {
    const { exitCode, stderr } = await npmTest('--only', 'unti')
    assert.equal(exitCode, 2)
    assert.match(stderr, new RegExp(`unknown part 'unti'; the parts are ${partNames.join(', ')}`))
  })

  test('refuses an option that it does not have, and a path without test files, with its usage', async () => {
    for (const args of [['--onyl', 'unit'], ['test/no-such-folder'], ['test/cli/fulcrum.ts'], ['--only']]) {
      const { exitCode, stderr } = await npmTest(...args)
      assert.equal(exitCode, 2, args.join(' '))
      assert.match(stderr, /Usage: npm test/)
    }
  })

  test('explains itself', async () => {
    const { exitCode, stdout } = await npmTest('--help')
    assert.equal(exitCode, 0)
    for (const name of partNames) assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'))
  })

  test('runs the chosen parts of a path only, and counts them', async () => {
    const { exitCode, stdout } = await npmTest('test/project/test-parts.test.ts', '--only', 'unit', '--only', 'load')
    assert.equal(exitCode, 0)
    assert.match(stdout, /^unit +1 files +\d+ s +6 passed, 0 failed, 0 skipped$/m)
    assert.match(stdout, /^6 passed, 0 failed, 0 skipped$/m)
    assert.doesNotMatch(stdout, /^load/m)
  })

  test('refuses parts that have no files at a path', async () => {
    const { exitCode, stderr } = await npmTest('test/project/test-parts.test.ts', '--only', 'browser')
    assert.equal(exitCode, 2)
    assert.match(stderr, /no test files of browser at test\/project/)
  })

  test('lists every file in one part', async () => {
    const { stdout } = await npmTest('--list')
    const files = stdout.split('\n').filter(line => line.startsWith('  '))
    assert.equal(new Set(files).size, files.length)
    assert.ok(files.includes('  test/project/npm-test.test.ts'))
  })
})

describe('the guard of unit tests', () => {
  const cases = {
    'a process': ["import { spawnSync } from 'node:child_process'", "spawnSync('true')", 'process'],
    'a process through execa': [
      `import { execa } from '${import.meta.resolve('execa')}'`,
      "await execa('true')",
      'process',
    ],
    'a thread': ["import { Worker } from 'node:worker_threads'", "new Worker('', { eval: true })", 'load'],
    'a port': ["import { createServer } from 'node:http'", 'createServer().listen(0)', 'load'],
  } as const
  for (const [what, [imports, start, part]] of Object.entries(cases))
    test(`fails a file that starts ${what}, also where the error is caught`, async () => {
      await using folder = await temporaryFolder()
      const file = join(folder.path, 'a.test.ts')
      const body = `try { ${start} } catch {}`
      await writeFile(file, `import { test } from 'node:test'\n${imports}\ntest('caught', async () => { ${body} })\n`)
      const args = ['--import', join(repository, 'scripts/unit-guard.ts'), '--test', file]
      const { exitCode, stdout } = await execa(process.execPath, args, { reject: false, env: outside })
      assert.equal(exitCode, 1)
      assert.match(stdout, new RegExp(`make '// Test part: ${part}' the first line`))
    })

  test('lets a file pass that starts nothing', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'a.test.ts')
    await writeFile(file, "import { test } from 'node:test'\ntest('fine', () => {})\n")
    const args = ['--import', join(repository, 'scripts/unit-guard.ts'), '--test', file]
    assert.equal((await execa(process.execPath, args, { reject: false, env: outside })).exitCode, 0)
  })
})
