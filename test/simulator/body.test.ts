import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CompletionRequest, Refusal } from '../../src/simulator/server/body.ts'
import { parseBody } from '../../src/simulator/server/body.ts'

const model = 'm'
const user = [{ role: 'user', content: 'hello' }]

function chat(body: object): CompletionRequest | Refusal {
  return parseBody(JSON.stringify({ model, messages: user, ...body }), 'chat', model)
}
function completion(body: object): CompletionRequest | Refusal {
  return parseBody(JSON.stringify({ model, ...body }), 'completions', model)
}
function accepted(parsed: CompletionRequest | Refusal): CompletionRequest {
  if ('status' in parsed) assert.fail(parsed.message)
  return parsed
}
function refused(parsed: CompletionRequest | Refusal, status: number, words: RegExp): void {
  if (!('status' in parsed)) assert.fail('it was accepted')
  assert.equal(parsed.status, status)
  assert.match(parsed.message, words)
}

describe('a chat request', () => {
  test('counts its template: begin of sentence, the user’s and the assistant’s turn', () => {
    assert.deepEqual(accepted(chat({})).prompts, [{ kind: 'text', texts: ['hello'], templateTokens: 3 }])
  })
  test('counts each message by itself, its parts together', () => {
    const messages = [
      { role: 'system', content: 'be ' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'go' },
          { type: 'text', text: 'od' },
        ],
      },
    ]
    assert.deepEqual(accepted(chat({ messages })).prompts, [
      { kind: 'text', texts: ['be ', 'good'], templateTokens: 3 },
    ])
  })
  test('prefers max_completion_tokens to max_tokens', () => {
    assert.equal(accepted(chat({ max_tokens: 9, max_completion_tokens: 4 })).outputTokens, 4)
  })
  test('without a limit runs to min_tokens or as if the model had stopped', () => {
    assert.equal(accepted(chat({})).outputTokens, 128)
    assert.equal(accepted(chat({ min_tokens: 300 })).outputTokens, 300)
  })
  test('takes what OpenAI and Dynamo take and the model does not depend on', () => {
    accepted(
      chat({ temperature: 0.5, seed: 1, ignore_eos: true, min_tokens: 3, stop: ['x'], nvext: { annotations: [] } }),
    )
  })
  test('with an unknown field is refused by its name', () => {
    refused(chat({ foo_bar: 1 }), 400, /Unsupported parameter\(s\): `foo_bar`/)
  })
  test('with the ignore_eos of Dynamo 0.3.1 is refused as Dynamo 1.4.2 does', () => {
    refused(chat({ nvext: { ignore_eos: true } }), 400, /unknown field `ignore_eos`, expected one of `greed_sampling`/)
  })
  test('for another model finds none', () => refused(chat({ model: 'other' }), 404, /Model not found/))
  test('without messages says so', () => {
    refused(parseBody(JSON.stringify({ model }), 'chat', model), 400, /missing field `messages`/)
    refused(chat({ messages: [] }), 400, /cannot be empty/)
  })
  test('for no or negative or worded tokens is refused', () => {
    refused(chat({ max_tokens: 0 }), 400, /greater than 0/)
    refused(chat({ max_tokens: -1 }), 400, /max_tokens/)
    refused(chat({ max_tokens: 'many' }), 400, /max_tokens/)
  })
  test('for several choices is refused, because they are not simulated', () =>
    refused(chat({ n: 2 }), 400, /n must be 1/))
})

describe('a completion request', () => {
  test('takes a text, token ids, and several of either', () => {
    const text = (value: string) => ({ kind: 'text', texts: [value], templateTokens: 0 })
    assert.deepEqual(accepted(completion({ prompt: 'a b' })).prompts, [text('a b')])
    assert.deepEqual(accepted(completion({ prompt: [5, 6, 7] })).prompts, [{ kind: 'tokens', ids: [5, 6, 7] }])
    assert.deepEqual(accepted(completion({ prompt: ['a', 'b'] })).prompts, [text('a'), text('b')])
    assert.deepEqual(accepted(completion({ prompt: [[1], [2, 3]] })).prompts, [
      { kind: 'tokens', ids: [1] },
      { kind: 'tokens', ids: [2, 3] },
    ])
  })
  test('with an empty prompt is refused', () => {
    refused(completion({ prompt: '' }), 400, /Prompt cannot be empty/)
    refused(completion({ prompt: [[1], []] }), 400, /Prompt cannot be empty/)
  })
  test('without a prompt says so', () => refused(completion({}), 400, /prompt/))
})

test('a body that is no JSON object is refused', () => {
  for (const text of ['{bad', '', '[]', 'null', '3'])
    refused(parseBody(text, 'chat', model), 400, /Failed to deserialize/)
})
