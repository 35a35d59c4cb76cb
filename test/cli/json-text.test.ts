import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jsonText } from '../../src/cli/json-text.ts'

describe('what --json prints', () => {
  test('holds no string under the name of a secret', () => {
    const point = { load: { extra: { api_key: 'abc-123', user: 'me' } } }
    assert.deepEqual(JSON.parse(jsonText(point, 2, {})), { load: { extra: { api_key: '<redacted>', user: 'me' } } })
  })

  test('holds no value of a secret variable', () => {
    const text = jsonText({ reason: 'refused s3cr3t-value-9' }, undefined, { MY_API_KEY: 's3cr3t-value-9' })
    assert.ok(!text.includes('s3cr3t-value-9'), text)
  })

  test('keeps the names of variables, numbers and everything else', () => {
    const value = { api_key: '$OPENAI_API_KEY', api_key_env: 'OPENAI_API_KEY', output_tokens: 12, none: null }
    assert.deepEqual(JSON.parse(jsonText(value, undefined, {})), value)
  })
})
