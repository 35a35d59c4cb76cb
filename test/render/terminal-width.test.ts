import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { columnsOf } from '../../src/render/terminal/columns.ts'
import { table } from '../../src/render/terminal/table.ts'
import { wrapped, wrappedUnder } from '../../src/render/terminal/wrapped.ts'

const word = fc.oneof(
  fc.stringMatching(/^[a-z0-9/.,:-]{1,14}$/),
  fc.constantFrom('模型', 'é', '日本語の名前', '–', '✓'),
)
const sentence = fc.array(word, { minLength: 1, maxLength: 60 }).map(words => words.join(' '))

describe('text in a terminal', () => {
  test('is as wide as string-width says, whatever is in it', () => {
    for (let code = 0x20; code < 0x3000; code++) {
      const character = String.fromCodePoint(code)
      if (code < 0x7f || code > 0x9f)
        assert.equal(columnsOf(`a${character}b`), stringWidth(`a${character}b`), character)
    }
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => assert.equal(columnsOf(text), stringWidth(text))))
  })

  test('is wrapped at 80 columns, and keeps its words', () => {
    fc.assert(
      fc.property(sentence, fc.constantFrom('', '  ', '    '), (text, indent) => {
        const lines = wrapped(text, indent).split('\n')
        for (const line of lines) assert.ok(stringWidth(line) <= 80, line)
        assert.equal(lines.map(line => line.trim()).join(' '), text.normalize())
        for (const [index, line] of lines.entries())
          assert.ok(line.startsWith(`${indent}${index === 0 ? '' : '  '}`), line)
      }),
    )
  })

  test('leaves a word whole that is wider than a line', () => {
    const path = `/results/${'x'.repeat(100)}`
    assert.deepEqual(wrapped(`run: ${path} ended`).split('\n'), ['run:', `  ${path}`, '  ended'])
  })

  test('begins each line as told', () => {
    const [first, ...rest] = wrappedUnder('ok    ', '      ', 'word '.repeat(40))
    assert.match(first ?? '', /^ok {4}word/)
    assert.ok(rest.length > 0)
    for (const line of rest) assert.match(line, /^ {6}word/)
  })

  test('stands in columns by its width on screen, not by its count of characters', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 8 }), rows => {
        const lines = table([{ title: 'a' }, { title: 'b', align: 'right' }], rows).split('\n')
        const widths = lines.map(line => stringWidth(line))
        assert.deepEqual(new Set(widths).size, 1, lines.join('\n'))
      }),
    )
  })
})
