import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { parseNumberYaml } from '../../src/simulator/number-lists.ts'

const list = '[1, 2.5, 3e-4, -4, 50, 6, 7, 8]'

describe('YAML of number lists', () => {
  test('reads the shipped profile as the yaml package does', async () => {
    const text = await readFile(join(import.meta.dirname, '../../profiles/deepseek-r1-fp4-gb200.yaml'), 'utf8')
    assert.deepEqual(parseNumberYaml(text), parse(text))
  })

  test('reads any document as the yaml package does', () => {
    const numbers = fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), {
      minLength: 0,
      maxLength: 30,
    })
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 3 },
        numbers,
        fc.string(),
        fc.constantFrom(list, `see ${list}`, `- ${list}`, 'number-list-0'),
        fc.boolean(),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
        fc.array(tie('value'), { maxLength: 4 }),
      ),
    }))
    const styles = [
      {},
      { collectionStyle: 'flow' },
      { indentSeq: false },
      { defaultStringType: 'QUOTE_DOUBLE' },
    ] as const
    fc.assert(
      fc.property(value, fc.constantFrom(...styles), (any, style) => {
        const text = stringify(any, style)
        assert.deepEqual(parseNumberYaml(text), parse(text))
      }),
    )
  })

  test('leaves lists alone that stand in strings, comments, keys and anchors', () => {
    for (const text of [
      `a: 'x: ${list}'`,
      `a: |\n  b: ${list}\n`,
      `a: ${list} # was: ${list}`,
      `# a: ${list}\na: 1`,
      `- ${list}: 1`,
      `a: &x ${list}\nb: *x`,
      `a: -${list}`,
      `number-list-0: ${list}`,
    ])
      assert.deepEqual(parseNumberYaml(text), parse(text), text)
  })

  test('refuses what the yaml package refuses, with its message', () => {
    for (const text of [`a: ${list} b`, `a: ${list}]`, `a: ${list}\n b: ${list}`, 'a: [1, 2'])
      assert.throws(
        () => parseNumberYaml(text),
        (error: Error) => {
          assert.throws(() => parse(text), { message: error.message })
          return true
        },
        text,
      )
  })
})
