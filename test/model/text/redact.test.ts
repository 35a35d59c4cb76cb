import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  assignmentRedactor,
  isSecretName,
  redactArguments,
  redactor,
  redactStrings,
} from '../../../src/model/text/redact.ts'

describe('names of secrets', () => {
  for (const name of [
    'HF_TOKEN',
    'OPENAI_API_KEY',
    'api-key',
    'AWS_SECRET_ACCESS_KEY',
    'db.password',
    'token',
    'APIKEY',
  ])
    test(`${name} is one`, () => assert.ok(isSecretName(name)))
  for (const name of [
    'tokenizer',
    'max_tokens',
    'api_key_env',
    'monkey',
    'PATH',
    'max_num_tokens',
    'KEYBOARD',
    'kv-bytes-per-token',
    'BYTES_PER_TOKEN',
  ])
    test(`${name} is none`, () => assert.ok(!isSecretName(name)))
})

describe('redacted text', () => {
  test('names the variable instead of its value, wherever the value stands', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'abcXYZ019+/=$.'), minLength: 8, maxLength: 40 }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          fc.pre(!'$HF_TOKEN'.includes(secret) && !`${before}${after}`.includes(secret))
          const clean = redactor({ HF_TOKEN: secret })(`${before} ${secret} ${after}`)
          assert.ok(!clean.includes(` ${secret} `))
        },
      ),
    )
  })

  test('keeps short values, which are words', () => {
    assert.equal(redactor({ USE_TOKEN: 'true' })('it is true'), 'it is true')
  })

  const shapes = [
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer <redacted>'],
    ['{"authorization":"Basic dXNlcjpwYXNz"}', '{"authorization":"Basic <redacted>"}'],
    ['sent bearer eyJhbGciOi.J9.x-y_z, got 401', 'sent bearer <redacted>, got 401'],
    ['could not fetch with hf_abcdefghijklmnop', 'could not fetch with hf_<redacted>'],
    ['http://user:p4ssword@127.0.0.1:8000/v1', 'http://user:<redacted>@127.0.0.1:8000/v1'],
    ['nats://127.0.0.1:4222 and http://127.0.0.1:8000/v1', 'nats://127.0.0.1:4222 and http://127.0.0.1:8000/v1'],
  ] as const
  for (const [text, clean] of shapes)
    test(`shows '${text}' as '${clean}'`, () => assert.equal(redactor({})(text), clean))

  test('of an event keeps its numbers, keys and shape', () => {
    const event = { a: [1, 'x hf_abcdefghij', null], b: { c: true } }
    assert.deepEqual(redactStrings(event, redactor({})), { a: [1, 'x hf_<redacted>', null], b: { c: true } })
  })
})

describe('an event with secrets under their names', () => {
  test('loses them however deep, and keeps names of variables, numbers and what is empty', () => {
    const extra = { api_key: 'abc', 'hf-token': 'def', token: '$HF_TOKEN', password: '', api_key_env: 'KEY', key: 7 }
    assert.deepEqual(redactStrings({ points: [{ load: { extra } }] }, redactor({})), {
      points: [{ load: { extra: { ...extra, api_key: '<redacted>', 'hf-token': '<redacted>' } } }],
    })
  })
})

describe('a redacted sweep file', () => {
  const redact = assignmentRedactor({})

  test('hides the value beside a secret’s name', () => {
    assert.equal(redact('env: { HF_TOKEN: abc, MODEL: r1 }'), 'env: { HF_TOKEN: <redacted>, MODEL: r1 }')
    assert.equal(redact('args: --api-key abc --out x'), 'args: --api-key <redacted> --out x')
    assert.equal(redact('  "api_key": "abc"'), '  "api_key": "<redacted>"')
  })

  test('keeps names of variables, tokenizers and token counts', () => {
    const text =
      '# needs HF_TOKEN in the environment\ntokenizer: ./deepseek\napi_key_env: MY_KEY\nmax_tokens: 256\nkeys:\n  - a\n'
    assert.equal(redact(text), text)
  })

  test('hides arguments that follow a secret option', () => {
    assert.deepEqual(redactArguments(['run', '--api-key', 'abc', '--token=xyz', '--out', 'here'], redact), [
      'run',
      '--api-key',
      '<redacted>',
      '--token=<redacted>',
      '--out',
      'here',
    ])
  })
})
