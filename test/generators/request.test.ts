import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestShape } from '../../src/generators/request.ts'
import { bodyAround, headBefore, leastTokens, requestFields } from '../../src/generators/request.ts'

const shape: RequestShape = {
  api: 'chat',
  dialect: 'dynamo-1',
  model: 'm',
  streaming: true,
  outputTokens: 256,
  extra: {},
}

test('Dynamo 1 and vLLM take ignore_eos and min_tokens at the top level, and no nvext', () => {
  for (const dialect of ['dynamo-1', 'vllm'] as const) {
    const fields = requestFields({ ...shape, dialect })
    assert.equal(fields.ignore_eos, true)
    assert.equal(fields.min_tokens, 256)
    assert.equal(fields.max_tokens, 256)
    assert.ok(!('nvext' in fields))
  }
})

test('Dynamo 0.3 takes nvext.ignore_eos, which later ones refuse', () => {
  const fields = requestFields({ ...shape, dialect: 'dynamo-0.3' })
  assert.deepEqual(fields.nvext, { ignore_eos: true })
  assert.ok(!('ignore_eos' in fields))
})

test('a plain OpenAI server is asked for nothing that it does not know', () => {
  assert.deepEqual(requestFields({ ...shape, dialect: 'openai' }), {
    model: 'm',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 256,
  })
})

test('usage is asked for in streams only', () => {
  assert.ok(!('stream_options' in requestFields({ ...shape, streaming: false })))
})

test('the responses API has its own name for the length', () => {
  const fields = requestFields({ ...shape, api: 'responses', dialect: 'openai' })
  assert.equal(fields.max_output_tokens, 256)
  assert.ok(!('max_tokens' in fields || 'stream_options' in fields))
})

test('extra fields win over what the generator would send', () => {
  assert.equal(requestFields({ ...shape, extra: { max_tokens: 7, temperature: 0 } }).max_tokens, 7)
})

test('an answer may be as short as the server was told', () => {
  assert.equal(leastTokens(shape), 256)
  assert.equal(leastTokens({ ...shape, extra: { min_tokens: 5 } }), 5)
  assert.equal(leastTokens({ ...shape, dialect: 'dynamo-0.3' }), 256)
  assert.equal(leastTokens({ ...shape, dialect: 'openai' }), 0)
})

test('a body is JSON with the prompt first', () => {
  const { before, after } = bodyAround(shape)
  const body = JSON.parse(`${before}[{"role":"user","content":"hi"}]${after}`) as Record<string, unknown>
  assert.deepEqual(Object.keys(body)[0], 'messages')
  assert.deepEqual(body.messages, [{ role: 'user', content: 'hi' }])
  assert.equal(body.model, 'm')
})

test('a head keeps the path of the endpoint and names its host with the port', () => {
  const head = headBefore(new URL('http://[::1]:8000/base/'), 'chat', true, 'secret')
  assert.match(head, /^POST \/base\/v1\/chat\/completions HTTP\/1\.1\r\nHost: \[::1\]:8000\r\n/)
  assert.match(head, /\r\nAuthorization: Bearer secret\r\n/)
  assert.doesNotMatch(headBefore(new URL('http://a'), 'chat', true, undefined), /Authorization/)
})
