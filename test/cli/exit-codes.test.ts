import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exitCodesTable } from '../../scripts/reference/pages.ts'
import { exitCodesHelp } from '../../src/cli/exit-codes-help.ts'
import { type ExitCode, exitCodeList, exitCodeOf, exitCodes } from '../../src/model/index.ts'
import { fulcrum } from './fulcrum.ts'

describe('exit codes', () => {
  test('are the ones that scripts rely on', () => {
    assert.deepEqual(exitCodes, { ok: 0, pointsFailed: 1, badInput: 2, environment: 3, interrupted: 130 })
  })

  test('have one name, number and kind of error each', () => {
    for (const key of ['code', 'name', 'fault'] as const) {
      const values = (exitCodeList as readonly ExitCode[]).flatMap(entry => entry[key] ?? [])
      assert.equal(new Set(values).size, values.length, key)
    }
  })

  test('follow the kind of an error', () => {
    assert.deepEqual(
      (['failed', 'bad-input', 'environment'] as const).map(kind => exitCodeOf(kind)),
      [1, 2, 3],
    )
  })

  test('are all listed by --help', async () => {
    const { stdout } = await fulcrum(['--help'])
    for (const { code, meaning } of exitCodeList) assert.match(stdout, new RegExp(`^  ${code} +${meaning}$`, 'm'))
  })

  test('a new one is one entry of the list: help, documentation and errors follow', () => {
    const added: ExitCode = { code: 4, name: 'gpuLost', meaning: 'a GPU was lost', examples: 'An Xid error.' }
    const list = [...exitCodeList, added]
    assert.match(exitCodesHelp(list), /^ {2}4 {4}a GPU was lost$/m)
    assert.match(exitCodesTable(list), /^\| 4 \| A GPU was lost\. \| An Xid error\. \|$/m)
    assert.equal(exitCodeOf('failed', [{ ...added, fault: 'failed' }]), 4)
  })
})
