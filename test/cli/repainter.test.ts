import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, mock, test } from 'node:test'
import { progressLine, repainter } from '../../src/cli/repainter.ts'

/** A terminal of 80 columns that shows what is on it: erased lines are gone. */
function terminal({ isTTY = true } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 })
  const lines: string[] = ['']
  let row = 0
  stream.on('data', (chunk: Buffer) => {
    for (const part of chunk.toString().split(/(\u001b\[[?\d;]*[A-Za-z]|\n)/)) {
      const [, count = '', action] = /^\u001b\[([?\d;]*)([A-Za-z])$/.exec(part) ?? []
      if (part === '\n') {
        row++
        lines[row] ??= ''
      } else if (action === 'A') row -= Number(count || 1)
      else if (action === 'K') lines[row] = ''
      else if (action === 'J') lines.splice(row + 1)
      else if (action === undefined) lines[row] = `${lines[row] ?? ''}${part}`
    }
  })
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    shown: () => lines.filter(line => line !== ''),
    written: () => lines,
  }
}

describe('text that is repainted', () => {
  test('replaces the text before it, of however many lines', () => {
    const { stream, shown } = terminal()
    using painter = repainter(stream)
    painter.paint('one\ntwo\nthree')
    painter.paint('four')
    assert.deepEqual(shown(), ['four'])
  })

  test('stays below lines that are kept', () => {
    const { stream, shown } = terminal()
    using painter = repainter(stream)
    painter.paint('1/2')
    painter.log('point 1 is done')
    painter.paint('2/2')
    assert.deepEqual(shown(), ['point 1 is done', '2/2'])
  })

  test('is cleared when it is disposed of, and stays when it is kept', () => {
    const { stream, shown } = terminal()
    {
      using painter = repainter(stream)
      painter.paint('first')
      painter.keep()
      painter.paint('second')
    }
    assert.deepEqual(shown(), ['first'])
  })

  test('is repainted no more often than asked', () => {
    const { stream, shown } = terminal()
    let now = 0
    const clock = mock.method(performance, 'now', () => now)
    try {
      using painter = repainter(stream, { everyMs: 100 })
      painter.paint('at 0')
      now = 99
      painter.paint('at 99')
      assert.deepEqual(shown(), ['at 0'])
      now = 100
      painter.paint('at 100')
      assert.deepEqual(shown(), ['at 100'])
    } finally {
      clock.mock.restore()
    }
  })

  test('is a line a second where there is no terminal', () => {
    const { stream, shown } = terminal({ isTTY: false })
    let now = 0
    const clock = mock.method(performance, 'now', () => now)
    try {
      using line = progressLine(stream)
      for (now = 0; now <= 2000; now += 500) line.paint(`at ${now}`)
      assert.deepEqual(shown(), ['at 0', 'at 1000', 'at 2000'])
    } finally {
      clock.mock.restore()
    }
  })
})
