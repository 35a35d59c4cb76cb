import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { smallestChange, type WorkerSlot } from '../../../src/deployers/change.ts'
import type { WorkerDesign } from '../../../src/deployers/worker-design.ts'
import { type Deployment, type Role, roles, type Topology, workersOf } from '../../../src/model/index.ts'

const model = { name: 'm', tokenizer: 't' }
const gpusPerWorker = { prefill: 2, decode: 4, aggregated: 1 }

function deployment(topology: Topology): Deployment {
  return { id: JSON.stringify(topology), topology, model, engine: {}, gpusPerWorker }
}

function design(role: Role, signature: string): WorkerDesign {
  return { role, signature, command: { argv: ['python'], env: {} }, files: [], gpusPerWorker: gpusPerWorker[role] }
}

function designs(version = '1'): { readonly [role in Role]: WorkerDesign } {
  return {
    prefill: design('prefill', `p${version}`),
    decode: design('decode', `d${version}`),
    aggregated: design('aggregated', `a${version}`),
  }
}

const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })

function step(
  running: readonly WorkerSlot[],
  topology: Topology,
  made = designs(),
  gpus: readonly number[] | null = null,
) {
  const { keep, stop, start } = smallestChange(running, deployment(topology), made, [
    { name: null, gpus, maxWorkers: null },
  ])
  return { after: [...keep, ...start], stop: stop.map(w => w.name), start: start.map(w => w.name) }
}

const anyTopology: fc.Arbitrary<Topology> = fc.oneof(
  fc
    .record({ prefill: fc.integer({ min: 1, max: 6 }), decode: fc.integer({ min: 1, max: 6 }) })
    .map(r => disaggregated(r.prefill, r.decode)),
  fc.integer({ min: 1, max: 6 }).map(aggregated),
)

describe('the smallest change', () => {
  it('from nothing starts every worker', () => {
    assert.deepEqual(step([], disaggregated(1, 2)).start, ['prefill-0', 'decode-0', 'decode-1'])
  })

  it('from 2P3D to 3P3D starts one worker and touches no other', () => {
    const { after } = step([], disaggregated(2, 3))
    const more = step(after, disaggregated(3, 3))
    assert.deepEqual([more.stop, more.start], [[], ['prefill-2']])
  })

  it('stops the highest numbers, and gives freed names out again', () => {
    const { after } = step([], disaggregated(3, 1))
    const fewer = step(after, disaggregated(1, 1))
    assert.deepEqual(fewer.stop, ['prefill-1', 'prefill-2'])
    assert.deepEqual(step(fewer.after, disaggregated(2, 1)).start, ['prefill-1'])
  })

  it('restarts only the role whose design changed', () => {
    const { after } = step([], disaggregated(1, 2))
    const made = { ...designs(), decode: design('decode', 'd2') }
    const { stop, start } = step(after, disaggregated(1, 2), made)
    assert.deepEqual(
      [stop, start],
      [
        ['decode-0', 'decode-1'],
        ['decode-0', 'decode-1'],
      ],
    )
  })

  it('replaces everything between aggregated and disaggregated', () => {
    const { after } = step([], aggregated(2))
    const { stop, start } = step(after, disaggregated(1, 1))
    assert.deepEqual(
      [stop, start],
      [
        ['aggregated-0', 'aggregated-1'],
        ['prefill-0', 'decode-0'],
      ],
    )
  })

  it('arrives at what was wanted from anywhere, with as few starts as the counts allow', () => {
    fc.assert(
      fc.property(fc.array(anyTopology, { minLength: 1, maxLength: 8 }), topologies => {
        let running: readonly WorkerSlot[] = []
        for (const topology of topologies) {
          const before = running
          const { after, start, stop } = step(before, topology)
          for (const role of roles) {
            const had = before.filter(w => w.role === role).length
            const wanted = workersOf(topology, role)
            assert.equal(after.filter(w => w.role === role).length, wanted)
            assert.equal(start.filter(name => name.startsWith(role)).length, Math.max(0, wanted - had))
            assert.equal(stop.filter(name => name.startsWith(role)).length, Math.max(0, had - wanted))
          }
          assert.equal(new Set(after.map(w => w.name)).size, after.length, 'names are unique')
          running = after
        }
      }),
    )
  })

  it('never gives one GPU to two workers, nor fewer than a worker needs while there are enough', () => {
    const gpus = Array.from({ length: 36 }, (_, i) => i)
    fc.assert(
      fc.property(fc.array(anyTopology, { minLength: 1, maxLength: 8 }), topologies => {
        let running: readonly WorkerSlot[] = []
        for (const topology of topologies) {
          running = step(running, topology, designs(), gpus).after
          const held = running.flatMap(w => w.gpus ?? [])
          assert.equal(new Set(held).size, held.length)
          for (const worker of running) assert.equal(worker.gpus?.length, gpusPerWorker[worker.role])
        }
      }),
    )
  })
})
