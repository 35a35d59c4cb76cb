import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { RawRequest } from '../../../src/generators/genai-perf/raw-requests.ts'
import { parseResponse } from '../../../src/generators/genai-perf/response.ts'

const event = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: finish }] })}\n\n`

/** Pieces that came 1 ms apart, the first 1 ms after the request was sent. */
function requestOf(pieces: readonly string[]): RawRequest {
  return {
    timestamp: 5e9,
    request_inputs: { payload: '{}' },
    response_timestamps: pieces.map((_, index) => 5e9 + (index + 1) * 1e6),
    response_outputs: pieces.map(response => ({ response })),
  }
}

const read = (pieces: readonly string[]) => parseResponse(requestOf(pieces), 'chat', true, 5e9)

describe('an answer in perf_analyzer’s record', () => {
  it('has a token chunk for each event with text, and none for role, finish and [DONE]', () => {
    const answer = read([event(''), event('a'), event('b'), event('', 'stop'), 'data: [DONE]\n\n'])
    assert.deepEqual(answer.chunkMs, [2, 3])
    assert.equal(answer.text, 'ab')
    assert.equal(answer.doneMs, 5)
    assert.equal(answer.failure, null)
  })

  it('counts events that one read brought together each by itself, at one time', () => {
    const answer = read([event('a'), `${event('b')}${event('c')}`, 'data: [DONE]\n\n'])
    assert.deepEqual(answer.chunkMs, [1, 2, 2])
  })

  it('reads the same tokens however its bytes were cut', () => {
    const whole = `${event('é:')}${event('data: x')}${event('z', 'length')}data: [DONE]\n\n`
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 12 }), cuts => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length]
        const answer = read(at.slice(1).map((end, index) => whole.slice(at[index], end)))
        assert.equal(answer.text, 'é:data: xz')
        assert.equal(answer.chunkMs.length, 3)
        assert.equal(answer.failure, null)
      }),
    )
  })

  it('dates a cut event by the read that completed it', () => {
    const text = event('b')
    const answer = read([event('a'), text.slice(0, 9), text.slice(9), 'data: [DONE]\n\n'])
    assert.deepEqual(answer.chunkMs, [1, 3])
  })

  it('counts reasoning as tokens', () => {
    const reasoning = `data: ${JSON.stringify({ choices: [{ delta: { reasoning_content: 'hm' } }] })}\n\n`
    assert.deepEqual(read([reasoning, event('a'), 'data: [DONE]\n\n']).chunkMs, [1, 2])
  })

  it('takes the server’s usage', () => {
    const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } })}\n\n`
    assert.deepEqual(read([event('a'), usage, 'data: [DONE]\n\n']).usage, {
      inputTokens: 7,
      outputTokens: 2,
      cachedTokens: -1,
      reasoningTokens: -1,
    })
  })

  const failures: readonly [string, readonly string[], string][] = [
    ['an error inside the stream', [event('a'), 'data: {"error":{"message":"worker died"}}\n\n'], 'server-error'],
    ['a stream that just stops', [event('a')], 'broken-stream'],
    ['an answer without a token', ['data: [DONE]\n\n'], 'short-output'],
    ['an event that is not JSON', ['data: <html>\n\n', 'data: [DONE]\n\n'], 'bad-response'],
  ]
  for (const [what, pieces, kind] of failures) {
    it(`counts ${what} as ${kind}`, () => assert.equal(read(pieces).failure?.kind, kind))
  }
})
