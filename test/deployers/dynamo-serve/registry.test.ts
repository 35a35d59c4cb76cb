import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseRegistration, registrationDifferences } from '../../../src/deployers/dynamo-serve/registry.ts'
import type { Role } from '../../../src/model/index.ts'
import { config } from './config.ts'

/** A key as Dynamo 0.3.1 wrote it here. */
const key = (service: string, lease: string) => `instances/dynamo/${service}/generate:${lease}`
const listed = (...keys: string[]) => keys.flatMap(text => parseRegistration(text) ?? [])
const roles = (...list: Role[]) => list.map(role => ({ role }))
const worker = key('TensorRTLLMWorker', '694da210358ace0a')
const prefill = key('TensorRTLLMPrefillWorker', '694da210358ace07')

it('a key is read as service and lease', () => {
  assert.deepEqual(parseRegistration(prefill), {
    key: prefill,
    service: 'TensorRTLLMPrefillWorker',
    lease: '694da210358ace07',
  })
  assert.equal(parseRegistration('models/abc'), null)
})

it('exactly the expected workers leave nothing to say', () => {
  const expected = { before: new Set([worker]), kept: roles('decode'), started: roles('prefill') }
  assert.deepEqual(registrationDifferences(listed(worker, prefill), expected, config), [])
})

it('a service that has several endpoints is one worker', () => {
  const other = worker.replace('generate', 'flush')
  const expected = { before: new Set<string>(), kept: [], started: roles('decode') }
  assert.deepEqual(registrationDifferences(listed(worker, other), expected, config), [])
})

it('a stopped worker that lingers never passes for a new one', () => {
  const expected = { before: new Set([prefill]), kept: [], started: roles('prefill') }
  assert.deepEqual(registrationDifferences(listed(prefill), expected, config), [
    '1 stopped TensorRTLLMPrefillWorker still in discovery',
    '0 of 1 new TensorRTLLMPrefillWorker registered',
  ])
})

it('a running worker that has left discovery is missed', () => {
  const expected = { before: new Set([worker]), kept: roles('decode'), started: [] }
  assert.deepEqual(registrationDifferences([], expected, config), ['0 of 1 running TensorRTLLMWorker in discovery'])
})

it('services of the graph’s own are nobody’s workers', () => {
  const expected = { before: new Set<string>(), kept: [], started: [] }
  assert.deepEqual(registrationDifferences(listed(key('Processor', 'ab')), expected, config), [])
})
