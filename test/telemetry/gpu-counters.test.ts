// Test part: process

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { continued, nvmlProgram } from '../../src/telemetry/gpu/nvml-program.ts'

const GiB = 2 ** 30

/** What the sampler makes of successive values of one counter. */
async function totals(values: readonly number[]): Promise<readonly (number | null)[]> {
  const program = `import json, sys\n${continued}\nprint(json.dumps([total(0, 197, value) for value in json.loads(sys.argv[1])]))`
  const { stdout } = await promisify(execFile)('python3', ['-c', program, JSON.stringify(values)], { timeout: 30_000 })
  return JSON.parse(stdout)
}

describe('a counter of PCIe traffic', () => {
  test('goes on when it starts over at 4 GiB', async () => {
    assert.deepEqual(await totals([3 * GiB, 3.5 * GiB, 0.5 * GiB, 0.5 * GiB]), [
      3 * GiB,
      3.5 * GiB,
      4.5 * GiB,
      4.5 * GiB,
    ])
  })

  test('says nothing once it may have started over several times between two samples', async () => {
    assert.deepEqual(await totals([GiB, 3.5 * GiB, 3.6 * GiB].map(Math.trunc)), [GiB, null, null])
  })

  test('is taken as it is when it is wider than 32 bits', async () => {
    assert.deepEqual(await totals([10 * GiB, 40 * GiB]), [10 * GiB, 40 * GiB])
  })

  test('is read by a program that Python accepts', async () => {
    const compiled = promisify(execFile)('python3', [
      '-c',
      'import sys; compile(sys.argv[1], "nvml", "exec")',
      nvmlProgram,
    ])
    await assert.doesNotReject(compiled)
  })
})
