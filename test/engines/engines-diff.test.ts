// Test part: process

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'

const program = join(import.meta.dirname, '../../scripts/engines-diff/diff.ts')
const diff = (...args: readonly string[]) => execa(process.execPath, [program, ...args], { reject: false })

test('an unknown engine or one argument too many is bad input, with how the script is used', async () => {
  const unknown = await diff('triton')
  assert.equal(unknown.exitCode, 2)
  assert.match(unknown.stderr, /^Unknown engine 'triton'\.\nUsage: .*\n\nENGINE is vllm, sglang, trtllm; /)
  const many = await diff('vllm', '0.33.0', 'sglang')
  assert.deepEqual([many.exitCode, many.stderr.split('\n')[0]], [2, 'Too many arguments: sglang'])
})

test('asked for help, the script prints it and compares nothing', async () => {
  const { exitCode, stdout } = await diff('--help')
  assert.equal(exitCode, 0)
  assert.match(stdout, /^Usage: npm run engines:diff [\s\S]*PyPI\.$/)
})
