import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressLiteral, isLoopback, ownNames, refusalOf } from '../../src/site/guard.ts'

const names = ownNames('127.0.0.1', 'gpu-01')
const asked = (headers: Record<string, string>, method = 'GET') => refusalOf({ method, headers }, names)?.status ?? null

test('the site answers to its address and to localhost, at any port: a tunnel has another', () => {
  for (const host of ['127.0.0.1:4747', 'localhost:4747', 'LocalHost', '[::1]:9000', '127.0.0.1'])
    assert.equal(asked({ host }), null, host)
})

test('a name that was made to resolve here is turned away', () => {
  for (const host of [
    'evil.example',
    'evil.example:4747',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'gpu-01',
  ])
    assert.equal(asked({ host }), 421, host)
})

test('a host header that is none, or missing, is turned away', () => {
  for (const host of ['', 'user@localhost', 'localhost:4747/x', 'localhost,evil', 'localhost:', 'localhost:123456'])
    assert.equal(asked({ host }), 421, host)
  assert.equal(asked({}), 421)
})

test('only reading is allowed', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT'])
    assert.equal(asked({ host: 'localhost' }, method), 405, method)
  assert.equal(asked({ host: 'localhost' }, 'HEAD'), null)
})

test('another site may link here, and may not fetch from here', () => {
  const from = { host: 'localhost', 'sec-fetch-site': 'cross-site' }
  assert.equal(asked({ ...from, 'sec-fetch-mode': 'navigate' }), null)
  for (const mode of ['no-cors', 'cors', 'websocket']) assert.equal(asked({ ...from, 'sec-fetch-mode': mode }), 403)
  assert.equal(asked({ host: 'localhost', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), null)
})

test('on another address than loopback, the machine answers to its own name too, and to no other', () => {
  const open = ownNames('10.0.0.7', 'GPU-01')
  const status = (host: string) => refusalOf({ method: 'GET', headers: { host } }, open)?.status ?? null
  for (const host of ['10.0.0.7:4747', 'gpu-01:4747', 'localhost']) assert.equal(status(host), null, host)
  for (const host of ['evil.example', '10.0.0.8']) assert.equal(status(host), 421, host)
})

test('an address is written as a host header has it', () => {
  assert.equal(addressLiteral('10.0.0.7'), '10.0.0.7')
  assert.equal(addressLiteral('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(addressLiteral('fe80::1'), '[fe80::1]')
})

test('only loopback addresses keep the site on this machine', () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.ok(isLoopback(address), address)
  for (const address of ['0.0.0.0', '::', '10.0.0.7', '127.0.0.1.evil.example'])
    assert.ok(!isLoopback(address), address)
})
