// Test part: load

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import {
  differences,
  hasSurplus,
  registeredInstances,
  registeredWorkers,
  surplusInWords,
} from '../../src/deployers/discovery.ts'

const worker = (role: 'prefill' | 'decode' | 'aggregated') => ({ role })

it('counts each worker once, by its generate endpoint, in its own namespace', async t => {
  // As Dynamo 1.4.2 answers, shortened.
  const instances = [
    { component: 'backend', endpoint: 'generate', namespace: 'mine', instance_id: 1 },
    { component: 'prefill', endpoint: 'generate', namespace: 'mine', instance_id: 2 },
    { component: 'prefill', endpoint: 'worker_kv_query_source_1', namespace: 'mine', instance_id: 2 },
    { component: 'backend', endpoint: 'generate', namespace: 'other', instance_id: 3, transport: { tcp: 'h:1/x' } },
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

it('tells of a worker that is registered twice, even where the numbers agree', () => {
  const wanted = [worker('decode'), worker('decode')]
  const twice = { prefill: 0, serving: 2, addresses: ['10.0.0.1:4000', '10.0.0.1:4000'] }
  assert.deepEqual(differences(twice, wanted), ['the worker at 10.0.0.1:4000 is registered twice'])
  const apart = { prefill: 0, serving: 2, addresses: ['10.0.0.1:4000', '10.0.0.2:4000'] }
  assert.deepEqual([differences(apart, wanted), hasSurplus(apart, wanted)], [[], false])
  const thrice = { prefill: 0, serving: 3, addresses: ['[::1]:4000', '[::1]:4000', '[::1]:4000'] }
  assert.deepEqual(differences(thrice, wanted), [
    '3 of 2 decode workers registered',
    'the worker at [::1]:4000 is registered 3 times',
  ])
})

it('tells workers that answer from leases of ended ones', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const there = `127.0.0.1:${(server.address() as AddressInfo).port}`
  // Nothing listens on the port of the discard service here.
  const gone = '127.0.0.1:9'
  const addresses = [there, there, gone]
  assert.deepEqual(await surplusInWords({ prefill: 0, serving: 3, addresses }, t.signal), {
    lingers: true,
    words: [
      `nobody listens at ${gone}: the lease of a worker that ended has not run out`,
      `registered workers that answer: ${there}`,
    ],
  })
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
