// Test part: unit
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import wrapAnsi from 'wrap-ansi'
import { wrapText } from '../../src/render/terminal/wrap-text.ts'

const plain = fc.constantFrom('a', 'Throughput', 'x'.repeat(30), '…', '–', '≤', '─', 'é', '12,345', '', ' ')
const other = fc.constantFrom('\u001b[31mred\u001b[39m', '宽', '👍', '\n', '\t', 'e\u0301')

test('text is wrapped as wrap-ansi wraps it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 8, arbitrary: plain }, other)),
      fc.integer({ min: 1, max: 90 }),
      (words, columns) => {
        const text = words.join(' ')
        assert.deepEqual(wrapText(text, columns), wrapAnsi(text, columns).split('\n'))
      },
    ),
    { numRuns: 1000 },
  )
})
