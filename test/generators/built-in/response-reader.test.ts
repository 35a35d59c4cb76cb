import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ResponseHead } from '../../../src/generators/built-in/response-head.ts'
import { MalformedResponse } from '../../../src/generators/built-in/response-head.ts'
import { ResponseReader } from '../../../src/generators/built-in/response-reader.ts'
import { cutsOf, pieces } from './cuts.ts'

function read(text: string | Buffer, cuts: readonly number[] = [], closes = false) {
  const heads: ResponseHead[] = []
  const body: Buffer[] = []
  const reader = new ResponseReader({
    onHead: head => heads.push(head),
    onBody: (bytes, start, end) => body.push(Buffer.from(bytes.subarray(start, end))),
  })
  for (const piece of pieces(Buffer.from(text), cuts)) reader.push(piece, 0, piece.length)
  if (closes) reader.close()
  return {
    status: heads[0]?.status,
    heads: heads.length,
    body: Buffer.concat(body).toString(),
    done: reader.done,
    reusable: reader.reusable,
  }
}

const ok = 'HTTP/1.1 200 OK\r\n'

test('a body ends after its content length', () => {
  assert.deepEqual(read(`${ok}Content-Length: 5\r\n\r\nhello`), {
    status: 200,
    heads: 1,
    body: 'hello',
    done: true,
    reusable: true,
  })
})

test('a chunked body is what its chunks hold, extensions and trailers aside', () => {
  const text = `${ok}transfer-encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0A\r\n, world...\r\n0\r\nX-Trailer: 1\r\n\r\n`
  assert.deepEqual(read(text), { status: 200, heads: 1, body: 'hello, world...', done: true, reusable: true })
})

test('without length and chunks the body ends with the connection, which is then of no more use', () => {
  const text = `${ok}Content-Type: text/event-stream\r\n\r\ndata: a\n\n`
  assert.equal(read(text).done, false)
  assert.deepEqual(read(text, [], true), { status: 200, heads: 1, body: 'data: a\n\n', done: true, reusable: false })
})

test('a body cut short by the end of the connection is not done', () => {
  assert.equal(read(`${ok}Content-Length: 10\r\n\r\nhello`, [], true).done, false)
  assert.equal(read(`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, [], true).done, false)
})

test('the answers 204 and 304 have no body', () => {
  assert.equal(read('HTTP/1.1 204 No Content\r\n\r\n').done, true)
})

test('interim responses are passed over', () => {
  assert.deepEqual(read(`HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`).body, 'hi')
})

test('Connection: close and HTTP/1.0 end the use of a connection', () => {
  assert.equal(read(`${ok}Connection: close\r\nContent-Length: 0\r\n\r\n`).reusable, false)
  assert.equal(read('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n').reusable, false)
})

for (const [what, text] of [
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a status line without a status', 'HTTP/1.1 OK\r\n\r\n'],
  ['a content length that is no number', `${ok}Content-Length: five\r\n\r\n`],
  ['a chunk size that is no number', `${ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ['a chunk longer than it said', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n`],
  ['bytes after the end', `${ok}Content-Length: 2\r\n\r\nhello`],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`],
] as const) {
  test(`${what} is malformed`, () => {
    assert.throws(() => read(text), MalformedResponse)
  })
}

test('any cutting of the same bytes gives the same response', () => {
  const chunk = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).map(text => Buffer.from(text))
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 8 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (chunks, chunked, numbers) => {
        const body = Buffer.concat(chunks)
        const bytes = chunked
          ? Buffer.concat([
              Buffer.from(`${ok}Transfer-Encoding: chunked\r\n\r\n`),
              ...chunks.flatMap(part => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
              Buffer.from('0\r\n\r\n'),
            ])
          : Buffer.concat([Buffer.from(`${ok}Content-Length: ${body.length}\r\n\r\n`), body])
        const seen = read(bytes, cutsOf(numbers, bytes.length))
        assert.deepEqual(seen, { status: 200, heads: 1, body: body.toString(), done: true, reusable: true })
      },
    ),
  )
})
