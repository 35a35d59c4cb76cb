import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventReader } from '../../../src/generators/built-in/event-reader.ts'
import { cutsOf, pieces } from './cuts.ts'

interface Seen {
  readonly type: string
  readonly data: string
}

/** The events of a text fed in the given pieces, each in a buffer that is overwritten afterwards, as a socket's is. */
function read(text: string | Buffer, cuts: readonly number[] = []): Seen[] {
  const seen: Seen[] = []
  const reader = new EventReader({
    takeWhole: () => -1,
    onEvent: (bytes, start, end, type) => seen.push({ type, data: bytes.toString('utf8', start, end) }),
  })
  for (const piece of pieces(Buffer.from(text), cuts)) {
    const shared = Buffer.concat([Buffer.from('..'), piece, Buffer.from('..')])
    reader.push(shared, 2, 2 + piece.length)
    shared.fill(0)
  }
  reader.close()
  return seen
}

const data = (text: string) => read(text).map(event => event.data)

test('an event is its data up to an empty line', () => {
  assert.deepEqual(data('data: one\n\ndata: two\n\n'), ['one', 'two'])
})

test('one space after the colon is not data, a second one is', () => {
  assert.deepEqual(data('data:one\n\ndata:  two\n\n'), ['one', ' two'])
})

test('lines may end in LF, CRLF or CR', () => {
  assert.deepEqual(data('data: a\r\n\r\ndata: b\r\rdata: c\n\n'), ['a', 'b', 'c'])
})

test('several data lines are one event, joined by line feeds', () => {
  assert.deepEqual(data('data: a\ndata: b\ndata\n\n'), ['a\nb\n'])
})

test('comments, ids, retries and unknown fields are passed over', () => {
  assert.deepEqual(data(': ping\n\nid: 1\nretry: 5\nfoo: x\ndata: a\n: more\n\n'), ['a'])
})

test('the event field names the type of that event only', () => {
  assert.deepEqual(read('event: error\ndata: a\n\ndata: b\n\n'), [
    { type: 'error', data: 'a' },
    { type: '', data: 'b' },
  ])
})

test('an event with a type and no data is one: Dynamo reports errors in a comment of such an event', () => {
  assert.deepEqual(read('event: error\n: engine died\n\ndata: a\n\n'), [
    { type: 'error', data: '' },
    { type: '', data: 'a' },
  ])
  assert.deepEqual(read('event: error\n'), [{ type: 'error', data: '' }])
})

test('a byte order mark at the start is no part of the first field', () => {
  assert.deepEqual(data('\uFEFFdata: a\n\n'), ['a'])
})

test('an event that the stream ends without an empty line counts', () => {
  assert.deepEqual(data('data: a\n\ndata: [DONE]'), ['a', '[DONE]'])
})

test('a line of 5 MB comes through whole', () => {
  const long = 'x'.repeat(5_000_000)
  const cuts = Array.from({ length: 76 }, (_, i) => (i + 1) * 65_536)
  assert.deepEqual(
    read(`data: ${long}\n\ndata: b\n\n`, cuts).map(event => event.data),
    [long, 'b'],
  )
})

test('a multi-byte character cut in two is one character', () => {
  const text = 'data: 数据 🙂\n\n'
  for (let at = 1; at < Buffer.byteLength(text); at++)
    assert.deepEqual(read(text, [at]), [{ type: '', data: '数据 🙂' }])
})

const line = fc.oneof(
  fc.constantFrom('data', 'data:', 'data: ', ': comment', 'event: error', 'event:x', 'id: 7', 'dat: a', ''),
  fc.string({ unit: 'grapheme' }).map(text => `data: ${text.replace(/[\r\n]/g, '')}`),
)
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 20 })
  .map(lines => lines.map(([text, end]) => text + end).join(''))

test('any cutting of the same bytes gives the same events', () => {
  fc.assert(
    fc.property(stream, fc.boolean(), fc.infiniteStream(fc.nat()), (text, bom, numbers) => {
      const whole = `${bom ? '\uFEFF' : ''}${text}`
      assert.deepEqual(read(whole, cutsOf(numbers, Buffer.byteLength(whole))), read(whole))
    }),
  )
})

test('events agree with the standard read line by line', () => {
  fc.assert(fc.property(stream, text => assert.deepEqual(read(`${text}\n\n`), standard(`${text}\n\n`))))
})

/** The HTML standard's algorithm, on strings, except that an event with a type and no data is dispatched. */
function standard(text: string): Seen[] {
  const seen: Seen[] = []
  let lines: string[] = []
  let type = ''
  for (const one of text.split(/\r\n|\n|\r/)) {
    if (one === '') {
      if (lines.length > 0 || type !== '') seen.push({ type, data: lines.join('\n') })
      lines = []
      type = ''
      continue
    }
    const colon = one.indexOf(':')
    const field = colon < 0 ? one : one.slice(0, colon)
    const value = colon < 0 ? '' : one.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') lines.push(value)
    if (field === 'event') type = value
  }
  return seen
}
