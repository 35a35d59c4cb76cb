import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { originOf } from '../../src/analysis/origin.ts'
import { runOf } from '../render/synthetic-run.ts'

const originOfText = (sweepText: string) => originOf({ ...runOf([]).manifest, sweepText })

test('a simulated deployment is said to be one, with its profile', () => {
  const origin = originOfText('deploy:\n  with: simulated\n  profile: gb200\n')
  assert.deepEqual([origin.deployer, origin.about], ['simulated', 'profile gb200'])
  assert.match(origin.notice ?? '', /no GPU/)
})

test("Dynamo's mocker is said to be one; a real backend gives no notice", () => {
  assert.match(originOfText('deploy: { with: dynamo, backend: dynamo.mocker }').notice ?? '', /mocker/)
  assert.equal(originOfText('deploy: { with: dynamo, backend: dynamo.trtllm }').notice, null)
})

test('any text is read without an error', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => assert.ok(originOfText(text).deployer.length > 0)))
})
