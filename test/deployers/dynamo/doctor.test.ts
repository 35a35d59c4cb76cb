import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DynamoConfig } from '../../../src/deployers/dynamo/config.ts'
import { kvEvents, untested } from '../../../src/deployers/dynamo/doctor.ts'

it('says which versions of Dynamo are tested, of others only', () => {
  assert.equal(untested('1.4.2'), '')
  assert.equal(untested('1.6.1'), '')
  assert.equal(untested('1.7.0'), '; Fulcrum is tested with 1.4.2 and 1.6.1')
})

const config = (backend: string, more: Partial<DynamoConfig>): DynamoConfig => ({
  python: 'python3',
  backend,
  args: {},
  role_args: {},
  frontend_args: { 'router-mode': 'kv' },
  env: {},
  ready_timeout: 60,
  ...more,
})

it('notices a KV router that waits for events which no worker publishes', () => {
  for (const [backend, remedy] of [
    ['dynamo.vllm', /kv-events-config: .*tcp:\/\/127\.0\.0\.1:\{port\}/],
    ['dynamo.sglang', /kv-events-config: /],
    ['dynamo.trtllm', /publish-kv-events: true/],
  ] as const) {
    const [check] = kvEvents(config(backend, {}))
    assert.match(check?.detail ?? '', /does not know any cache/)
    assert.match(check?.remedy ?? '', remedy)
  }
})

it('is content with workers that publish events, whichever role says so, and with engines that always do', () => {
  const events = { 'kv-events-config': { publisher: 'zmq' } }
  assert.equal(kvEvents(config('dynamo.vllm', { args: events }))[0]?.remedy, undefined)
  assert.equal(kvEvents(config('dynamo.vllm', { role_args: { prefill: events } }))[0]?.remedy, undefined)
  assert.deepEqual(kvEvents(config('dynamo.mocker', {})), [])
})

it('asks for no events where the router does not wait for any', () => {
  for (const frontend_args of [
    {},
    { 'router-mode': 'round-robin' },
    { 'router-mode': 'kv', 'no-router-kv-events': true },
    { 'router-mode': 'kv', 'router-kv-events': false },
  ])
    assert.deepEqual(kvEvents(config('dynamo.vllm', { frontend_args })), [])
})
