import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RunSummary } from '../../src/site/catalogue.ts'
import { fieldNames, search } from '../../src/site/search.ts'

const run = (over: Partial<RunSummary>): RunSummary => ({
  folder: '/results/nightly/a',
  place: { sweep: 'nightly', run: 'a' },
  sweep: 'nightly',
  runId: '20261125T015517Z-eaad8b',
  createdAt: '2026-11-25T01:55:17.375Z',
  models: ['nvidia/DeepSeek-R1-FP4'],
  revision: 'e795e1e4d78ff65ae730597d04c47f6cea5eb784+',
  deployer: 'dynamo, backend dynamo.trtllm',
  host: 'gb200-01',
  state: 'complete',
  problem: '',
  points: { planned: 24, ok: 24, invalid: 0, failed: 0 },
  latest: null,
  best: null,
  isBaseline: false,
  stamp: '',
  ...over,
})
const first = run({})
const second = run({
  sweep: 'quick',
  models: ['Qwen 3'],
  state: 'failed',
  deployer: 'simulated',
  createdAt: '2026-10-01T00:00:00Z',
})
const third = run({ sweep: 'quick', state: 'running', isBaseline: true, revision: '' })
const all = [first, second, third]

test('a run is found by name, model, date, revision, deployer and status, in any case', () => {
  for (const query of [
    'nightly',
    'name:nightly',
    'model:deepseek date:2026-11 status:complete',
    'REVISION:E795E1 status:complete',
    'deployer:dynamo status:complete',
    'status:complete',
  ])
    assert.deepEqual(search(all, query), [first], query)
})

test('all words must fit; a minus leaves out; the baseline is a status', () => {
  assert.deepEqual(search(all, 'quick -status:failed'), [third])
  assert.deepEqual(search(all, 'status:baseline'), [third])
  assert.deepEqual(search(all, 'quick nightly'), [])
})

test('quotes keep words together, and one that is never closed ends with the text', () => {
  assert.deepEqual(search(all, 'model:"qwen 3"'), [second])
  assert.deepEqual(search(all, '"qwen 3'), [second])
  assert.deepEqual(search(all, '"3 qwen"'), [])
})

test('a word with a colon that names no field is text', () => {
  assert.deepEqual(search([run({ deployer: 'attach, url http://host:8000' }), ...all], 'http://host').length, 1)
})

test('nothing asked for finds everything, in the order given', () => {
  for (const query of ['', '   ', '-', 'status:']) assert.deepEqual(search(all, query), all, JSON.stringify(query))
})

test('whatever is typed finds some of the runs and throws nothing; each run is found by its own values', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...fieldNames), (text, field) => {
      assert.ok(search(all, text).every(found => all.includes(found)))
      assert.ok(search(all, `${field}:"${text}"`).every(found => all.includes(found)))
      const named = run({ sweep: text.replaceAll('"', '') })
      if (named.sweep.trim() !== '') assert.deepEqual(search([named], `name:"${named.sweep}"`), [named])
    }),
  )
})
