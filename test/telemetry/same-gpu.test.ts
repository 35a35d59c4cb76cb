// Test part: unit
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { commonIds, idsWithInstances } from '../../src/telemetry/gpu/same-gpu.ts'
import type { GpuIdentity } from '../../src/telemetry/gpu/sample.ts'

const bare = { host: null, index: null, model: null, pod: null, isMig: false }
const gpu = (id: string, more: Partial<GpuIdentity> = {}): GpuIdentity => ({ ...bare, id, ...more })
/** The common ids of two sources, in order. */
const idsOf = (one: GpuIdentity, other: GpuIdentity, sources = ['nvml', 'dcgm'] as const) =>
  commonIds([
    { source: sources[0], gpus: [one] },
    { source: sources[1], gpus: [other] },
  ]).flatMap(ids => [...ids.values()])

const amd = ['amd-smi', 'amd'] as unknown as ['nvml', 'dcgm']

describe('two sources mean one GPU', () => {
  const same: readonly (readonly [why: string, one: GpuIdentity, other: GpuIdentity, sources?: typeof amd])[] = [
    ['by its UUID', gpu('GPU-1', { uuid: 'GPU-1' }), gpu('GPU-1', { uuid: 'GPU-1', host: 'n', index: 3 })],
    ['by its UUID in capitals', gpu('a', { uuid: 'FF-1' }), gpu('b', { uuid: 'ff-1', host: 'x' }), amd],
    ['by its serial number', gpu('a', { serial: 'P1' }), gpu('b', { serial: 'P1', host: 'x', index: 4 }), amd],
    [
      'by its PCI address on a machine',
      gpu('a', { host: 'n.example', bus: '0000:1b:00.0', index: 0 }),
      gpu('b', { host: 'n', bus: '00000000:1B:00.0', index: 5 }),
    ],
    ['by its index on a machine', gpu('a', { host: 'n', index: 2 }), gpu('b', { host: 'n', index: 2 }), amd],
    ['by its index here, which one calls by name', gpu('a', { index: 2 }), gpu('b', { host: hostname(), index: 2 })],
    [
      'by its index where two tools of AMD give it two UUIDs',
      gpu('a', { uuid: 'ff-1', host: 'n', index: 2 }),
      gpu('b', { uuid: 'ee-2', host: 'n', index: 2 }),
      amd,
    ],
  ]
  for (const [why, one, other, sources] of same)
    test(why, () => assert.deepEqual(idsOf(one, other, sources), [one.id, one.id]))

  const different: typeof same = [
    [
      'another UUID',
      gpu('GPU-1', { uuid: 'GPU-1', host: 'n', index: 0 }),
      gpu('GPU-2', { uuid: 'GPU-2', host: 'n', index: 0 }),
    ],
    ['another machine', gpu('a', { host: 'n', index: 0 }), gpu('b', { host: 'm', index: 0 }), amd],
    [
      'another PCI address',
      gpu('a', { host: 'n', index: 0, bus: '0000:1b:00.0' }),
      gpu('b', { host: 'n', index: 0, bus: '0000:1c:00.0' }),
    ],
    ['no index', gpu('a', { host: 'n' }), gpu('b', { host: 'n' })],
    ['another device of one GPU', gpu('GPU-1/GI1', { uuid: 'GPU-1' }), gpu('GPU-1/GI2', { uuid: 'GPU-1' })],
  ]
  for (const [why, one, other, sources] of different)
    test(`and not where there is ${why}`, () => assert.deepEqual(idsOf(one, other, sources), [one.id, other.id]))

  test('and not where one is AMD’s and the other NVIDIA’s', () => {
    const [one, other] = [gpu('a', { index: 0 }), gpu('b', { index: 0 })]
    assert.deepEqual(idsOf(one, other, ['amd-smi', 'dcgm'] as unknown as ['nvml', 'dcgm']), ['a', 'b'])
  })

  test('of any world, whichever names each of them knows', () => {
    const names = fc.subarray(['serial', 'bus', 'place'] as const, { minLength: 1 })
    const worlds = fc.record({
      hosts: fc.integer({ min: 1, max: 3 }),
      gpus: fc.integer({ min: 1, max: 8 }),
      first: names,
      second: names,
    })
    fc.assert(
      fc.property(worlds, ({ hosts, gpus, first, second }) => {
        // They need one name in common.
        const shared = first.some(name => second.includes(name)) ? second : [...second, ...first]
        const world = Array.from({ length: hosts * gpus }, (_, i) => ({ host: `h${i % hosts}`, index: i / hosts }))
        const seenBy = (tool: string, known: readonly string[]) =>
          world.map(({ host, index: at }) => {
            const index = Math.floor(at)
            return gpu(`${tool} ${host} ${index}`, {
              ...(known.includes('serial') ? { serial: `S${host}${index}` } : {}),
              // The address says the machine, too.
              ...(known.includes('bus') ? { bus: `0000:${index}b:00.0`, host } : {}),
              ...(known.includes('place') ? { host, index } : {}),
            })
          })
        const [one, other] = [seenBy('smi', first), seenBy('exporter', shared)]
        const [ids, others] = commonIds([
          { source: 'amd-smi', gpus: one },
          { source: 'amd', gpus: other },
        ])
        for (const [i, { id }] of one.entries()) {
          assert.equal(ids?.get(id), id)
          assert.equal(others?.get(other[i]?.id ?? ''), id)
        }
      }),
    )
  })
})

test('a GPU is known by its MIG devices where these are known', () => {
  assert.deepEqual([...idsWithInstances(['GPU-1', 'GPU-1/GI3', 'GPU-1/GI4', 'GPU-2'])], ['GPU-1'])
})
