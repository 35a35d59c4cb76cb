// Test part: process

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { execa } from 'execa'
import fc from 'fast-check'
import { shellCommand, shellWord } from '../../../src/model/index.ts'

const nasty = fc.string({ unit: fc.constantFrom(...`'"\\\`$!*?~#&|;<>(){}[]= \t\nab-é`), maxLength: 12 })
const word = fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 12 })).filter(text => !text.includes('\0'))

it('a shell reads back exactly the words that were quoted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 20 }), async words => {
      const { stdout } = await execa('sh', ['-c', `printf '%s\\0' ${shellCommand(words)}`], {
        stripFinalNewline: false,
      })
      assert.deepEqual(stdout.split('\0').slice(0, -1), words)
    }),
    { numRuns: 40 },
  )
})

it('plain words stay readable', () => {
  assert.equal(shellCommand(['python', '-m', 'dynamo.trtllm', '/a/b.yaml']), 'python -m dynamo.trtllm /a/b.yaml')
  assert.equal(shellWord(''), "''")
  assert.equal(shellWord("it's"), "'it'\\''s'")
})

it('an option keeps its = and an assignment is quoted', () => {
  assert.equal(shellWord('--set=a=b'), '--set=a=b')
  assert.equal(shellWord('A=b'), "'A=b'")
})

it('variables stay for the shell only where that is asked for', () => {
  assert.equal(shellWord('$HOME/run'), "'$HOME/run'")
  assert.equal(shellWord('$HOME/run', 'variables'), '$HOME/run')
  assert.equal(shellWord('$(rm x)', 'variables'), "'$(rm x)'")
})
