// Test part: unit

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Devices, judgeDevices, judgePackages, parseDevices } from '../../../src/deployers/doctor/ranks.ts'

const devices: Devices = { interfaces: ['eth0', 'ib0', 'ib1', 'lo'], rdma: ['mlx5_0', 'mlx5_10'], atAddress: 'ib0' }
const lines = (env: { readonly [name: string]: string }, there = devices) =>
  judgeDevices(env, there, '10.0.0.2', 'node n1').map(
    ({ ok, remedy, detail }) => `${ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'} ${detail}`,
  )

it('reads interfaces, RDMA devices and the interface with the address', () => {
  assert.deepEqual(parseDevices('interfaces eth0, lo\ndevices mlx5_0\nat eth0\n'), {
    interfaces: ['eth0', 'lo'],
    rdma: ['mlx5_0'],
    atAddress: 'eth0',
  })
  assert.deepEqual(parseDevices('interfaces lo\ndevices \n'), { interfaces: ['lo'], rdma: [], atAddress: null })
  assert.equal(parseDevices('interfaces lo\ndevices \nat \n').atAddress, '')
})

it('reads each variable as its library does: prefixes, exact names, exclusions, ports', () => {
  for (const env of [
    {},
    { NCCL_SOCKET_IFNAME: 'ib' },
    { NCCL_SOCKET_IFNAME: '=ib0,ib1' },
    { NCCL_SOCKET_IFNAME: '^docker' },
    { GLOO_SOCKET_IFNAME: 'eth0' },
    { NCCL_IB_HCA: '=mlx5_0:1' },
    { NCCL_IB_HCA: 'mlx5_1' },
    { UCX_NET_DEVICES: 'mlx5_10:1,eth0' },
    { UCX_NET_DEVICES: 'all' },
  ])
    assert.match(lines(env).join(), /^ok they meet on /, JSON.stringify(env))
  assert.deepEqual(lines({ NCCL_SOCKET_IFNAME: '=ib' }), [
    'FAIL NCCL_SOCKET_IFNAME names ib, and there is eth0, ib0, ib1, lo',
  ])
  assert.deepEqual(lines({ GLOO_SOCKET_IFNAME: 'ib' }), [
    'FAIL GLOO_SOCKET_IFNAME names ib, and there is eth0, ib0, ib1, lo',
  ])
  assert.deepEqual(lines({ NCCL_IB_HCA: '=mlx5_1' }), ['FAIL NCCL_IB_HCA names mlx5_1, and there is mlx5_0, mlx5_10'])
  assert.deepEqual(lines({ UCX_NET_DEVICES: 'mlx5_1:1' }, { ...devices, interfaces: [], rdma: [] }), [
    'FAIL UCX_NET_DEVICES names mlx5_1:1, and there is none',
  ])
})

it('says when the interface of the ranks is left to chance', () => {
  assert.match(lines({}, { ...devices, atAddress: null }).join(), /^note ip is not installed/)
  assert.match(lines({}, { ...devices, atAddress: '' }).join(), /^note no interface has 10\.0\.0\.2/)
  const chosen = { NCCL_SOCKET_IFNAME: 'ib', GLOO_SOCKET_IFNAME: 'ib0' }
  assert.deepEqual(lines(chosen, { ...devices, atAddress: null }), ['ok they meet on ib'])
})

it('names packages that the ranks need and a node does not have, with how to install them', () => {
  const [there, absent] = judgePackages(['ray', 'other'], ['2.60.0', null], '/opt/python', 'node n1')
  assert.deepEqual([there?.ok, there?.detail], [true, 'ray 2.60.0 in /opt/python'])
  assert.deepEqual([absent?.ok, absent?.detail], [false, '/opt/python has no other, which the engine settings choose'])
  assert.match(absent?.remedy ?? '', /\/opt\/python -m pip install other/)
})
