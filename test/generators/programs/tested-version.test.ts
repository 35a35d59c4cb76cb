// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { generatorOf } from '../../../src/generators/index.ts'
import { untestedVersion } from '../../../src/generators/programs/tested-version.ts'
import { disk } from '../../../src/yaml/files.ts'

/** What each program says of its version, in a line of which the part at `*` is the version. */
const programs = [
  { name: 'genai-perf', says: 'genai-perf *', tested: '0.0.16', other: '0.1.0' },
  { name: 'aiperf', says: '*', tested: '0.13.2', other: '0.14.0' },
  { name: 'vllm-bench', says: 'vllm-rs *', tested: '0.33.0', other: '0.34.1' },
  { name: 'guidellm', says: 'guidellm version: *', tested: '0.8.1', other: '0.9.0' },
] as const

describe('doctor on a generator’s program', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-versions-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function checkOf(name: string, said: string) {
    const command = join(folder, name)
    await writeFile(command, `#!/bin/sh\necho '${said}'\n`)
    await chmod(command, 0o755)
    const context = { report: () => {}, folder, files: disk }
    const [check] = (await generatorOf(name)?.configure({ command }, context).doctor()) ?? []
    return check
  }

  for (const { name, says, tested, other } of programs) {
    test(`${name} says nothing about a tested version, and warns of another`, async () => {
      const good = await checkOf(name, says.replace('*', tested))
      assert.deepEqual([good?.ok, good?.remedy], [true, undefined])
      const newer = await checkOf(name, says.replace('*', other))
      assert.equal(newer?.ok, true)
      assert.match(newer.remedy ?? '', new RegExp(`${other} was not tested with Fulcrum, \\d\\S+ was`))
    })
  }

  test('a program that says no version is not blamed for it', () => {
    const tested = { program: 'aiperf', version: '0.13', pattern: /^0\.13\./ }
    assert.deepEqual(untestedVersion(tested, 'unknown'), [])
    assert.equal(untestedVersion(tested, '1.0.0').length, 1)
  })
})
