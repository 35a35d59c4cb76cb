// Test part: load

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { differences, registeredInstances, registeredWorkers } from '../../src/deployers/discovery.ts'

const worker = (role: 'prefill' | 'decode' | 'aggregated') => ({ role })

it('counts each worker once, by its generate endpoint, in its own namespace', async t => {
  // As Dynamo 1.4.2 answers, shortened.
  const instances = [
    { component: 'backend', endpoint: 'generate', namespace: 'mine', instance_id: 1 },
    { component: 'prefill', endpoint: 'generate', namespace: 'mine', instance_id: 2 },
    { component: 'prefill', endpoint: 'worker_kv_query_source_1', namespace: 'mine', instance_id: 2 },
    { component: 'backend', endpoint: 'generate', namespace: 'other', instance_id: 3 },
  ]
  const server = createServer((_, response) => response.end(JSON.stringify({ status: 'healthy', instances })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.deepEqual(await registeredWorkers(url, 'mine', t.signal), { prefill: 1, serving: 1 })
})

it('takes an answer without a list of instances for no list, not for an empty one', async t => {
  const server = createServer((_, response) => response.end(JSON.stringify({ status: 'ok' })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.equal(await registeredInstances(url, t.signal), null)
  assert.deepEqual(await registeredWorkers(url, 'mine', t.signal), { prefill: 0, serving: 0 })
})

it('tells which role is short, or has one too many', () => {
  const wanted = [worker('prefill'), worker('prefill'), worker('decode')]
  assert.deepEqual(differences({ prefill: 2, serving: 1 }, wanted), [])
  assert.deepEqual(differences({ prefill: 1, serving: 2 }, wanted), [
    '1 of 2 prefill workers registered',
    '2 of 1 decode workers registered',
  ])
  assert.deepEqual(differences({ prefill: 0, serving: 1 }, [worker('aggregated'), worker('aggregated')]), [
    '1 of 2 aggregated workers registered',
  ])
})
