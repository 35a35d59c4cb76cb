import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AttachConfig } from '../../src/deployers/attach/config.ts'
import { read, sweepText } from '../spec/sweep-text.ts'

const urlOf = async (url: string) => {
  const text = sweepText({ deploy: `{ with: attach, url: "${url}", gpus: 1, dialect: vllm }`, topologies: 'agg x1' })
  const { deploy } = await read(text)
  return (deploy.config as AttachConfig).url
}

test('a URL keeps the sub-path of a gateway, and loses the slashes and the part of the API at its end', async () => {
  const segment = fc
    .stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
    .filter(text => !/^(v1|chat|completions|responses)$/.test(text))
  const end = fc.constantFrom(
    ...[
      '',
      '/',
      '//',
      '/v1',
      '/v1/',
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/models',
      '/v1/responses',
      '/v1/chat',
    ],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { maxLength: 3 }), end, fc.boolean(), async (segments, tail, isSecure) => {
      const base = ['http://gateway:8000', ...segments].join('/').replace('http:', isSecure ? 'https:' : 'http:')
      assert.equal(await urlOf(`${base}${tail}`), base)
    }),
    { numRuns: 40 },
  )
})
