import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const valid = join(repository, 'sweeps/quick.yaml')
const broken = `name: broken
model: m
deploy: { with: simulated, profil: x }
topologies: [1P1D]
workloads: [100/10]
load: { concurency: [1] }
`

describe('fulcrum validate of several files', () => {
  test('checks those after a broken one, and marks every mistake as its own', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'broken.yaml')
    await writeFile(file, broken)
    const { stdout, stderr, exitCode } = await fulcrum(['validate', file, '/no/such.yaml', valid])
    assert.equal(exitCode, 2)
    assert.match(stdout, /quick\.yaml: fine/)
    const lines = stderr.split('\n').filter(line => line.includes('broken.yaml'))
    assert.ok(lines.length >= 2, stderr)
    for (const line of lines) assert.match(line, /^fulcrum: .*broken\.yaml:\d+:\d+: /)
    assert.match(stderr, /no\/such\.yaml/)
  })

  test('prints one JSON object per file, whatever the files before it are', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'broken.yaml')
    await writeFile(file, broken)
    const { stdout, exitCode } = await fulcrum(['validate', file, valid, '--json'])
    assert.equal(exitCode, 2)
    const found = stdout.split('\n').map(line => JSON.parse(line) as { file: string; valid: boolean; error?: object })
    assert.deepEqual(
      found.map(({ file: name, valid: isValid }) => [name, isValid]),
      [
        [file, false],
        [valid, true],
      ],
    )
    assert.ok(found[0]?.error !== undefined && found[1]?.error === undefined)
  })
})
