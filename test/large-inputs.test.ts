import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { largest, smallest } from '../src/model/index.ts'

describe('the largest and smallest of many', () => {
  test('are those that Math.max and Math.min find', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), values => {
        assert.equal(largest(values), Math.max(...values))
        assert.equal(smallest(values), Math.min(...values))
      }),
    )
  })
  test('are found among a million, where Math.max fails', () => {
    const values = Array.from({ length: 1_000_000 }, (_, i) => i)
    assert.throws(() => Math.max(...values), RangeError)
    assert.equal(largest(values), 999_999)
    assert.equal(smallest(values), 0)
  })
})

test('no code passes a whole array as arguments of Math.max or Math.min: a long one overflows the stack', async () => {
  const wrong: string[] = []
  for await (const file of glob(join(import.meta.dirname, '../src/**/*.ts'))) {
    const text = await readFile(file, 'utf8')
    // Comments may name it.
    const code = text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '')
    if (/Math\.(max|min|hypot)\(\s*\.\.\./.test(code)) wrong.push(file)
  }
  assert.deepEqual(wrong, [])
})
