import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { WorkerSlot } from '../../../src/deployers/change.ts'
import { isHead, smallestServeChange } from '../../../src/deployers/dynamo-serve/change.ts'
import type { WorkerDesign } from '../../../src/deployers/worker-design.ts'
import { type Role, rolesOf, type Topology, workersOf } from '../../../src/model/index.ts'
import { aggregated, deployment, disaggregated } from './config.ts'

const hosts = [{ name: null, gpus: null, maxWorkers: null }]
const design = (role: Role, signature: string): WorkerDesign => ({
  role,
  command: { argv: ['x'], env: {} },
  files: [],
  signature,
  gpusPerWorker: 1,
})
const designs = {
  prefill: design('prefill', 'p'),
  decode: design('decode', 'd'),
  aggregated: design('aggregated', 'a'),
}
const slot = (name: string): WorkerSlot => {
  const role = name.slice(0, name.lastIndexOf('-')) as Role
  return { name, role, signature: designs[role].signature, host: null, gpus: null }
}
const names = (workers: readonly WorkerSlot[]) => workers.map(({ name }) => name).sort()
const change = (running: readonly string[], topology: Topology) => {
  const present = Object.fromEntries(rolesOf(topology).map(role => [role, designs[role]]))
  return smallestServeChange(running.map(slot), deployment(topology), present, hosts)
}

it('a lost head comes back in place of one worker beside it', () => {
  const { keep, stop, start } = change(['decode-1', 'decode-2', 'prefill-0'], disaggregated(1, 2))
  assert.deepEqual(names(keep), ['decode-1', 'prefill-0'])
  assert.deepEqual(names(stop), ['decode-2'])
  assert.deepEqual(names(start), ['decode-0'])
})

it('a lost head comes back beside all others when one is missing anyway', () => {
  const { keep, stop, start } = change(['decode-1', 'prefill-0'], disaggregated(1, 2))
  assert.deepEqual([names(keep), names(stop), names(start)], [['decode-1', 'prefill-0'], [], ['decode-0']])
})

it('a head starts before the workers beside it', () => {
  assert.deepEqual(
    change([], disaggregated(1, 2)).start.map(({ name }) => name),
    ['decode-0', 'prefill-0', 'decode-1'],
  )
})

it('another head alone takes its worker with it, and leaves all others', () => {
  const headed = (signature: string) => ({ ...designs, decode: { ...designs.decode, headSignature: signature } })
  const first = smallestServeChange([], deployment(disaggregated(2, 2)), headed('kv'), hosts).start
  const again = smallestServeChange(first, deployment(disaggregated(2, 2)), headed('kv'), hosts)
  assert.deepEqual([names(again.stop), names(again.start)], [[], []])
  const other = smallestServeChange(first, deployment(disaggregated(2, 2)), headed('random'), hosts)
  assert.deepEqual([names(other.stop), names(other.start)], [['decode-0'], ['decode-0']])
})

it('whatever runs, a change leaves the wanted workers and exactly one head', () => {
  const running = fc.uniqueArray(
    fc.tuple(fc.constantFrom('prefill', 'decode', 'aggregated'), fc.nat(4)).map(([role, n]) => `${role}-${n}`),
  )
  const count = fc.integer({ min: 1, max: 4 })
  const topology = fc.oneof(
    count.map(aggregated),
    fc.tuple(count, count).map(([p, d]) => disaggregated(p, d)),
  )
  fc.assert(
    fc.property(running, topology, (present, wanted) => {
      const { keep, stop, start } = change(present, wanted)
      const after = [...keep, ...start]
      for (const role of ['prefill', 'decode', 'aggregated'] as const) {
        assert.equal(after.filter(worker => worker.role === role).length, workersOf(wanted, role))
      }
      assert.equal(after.filter(isHead).length, 1)
      assert.equal(new Set(names(after)).size, after.length)
      assert.deepEqual(names([...keep, ...stop]), [...present].sort())
    }),
  )
})
