import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { smallestChange, type WorkerSlot } from '../../../src/deployers/change.ts'
import { type DynamoSetup, designsOf } from '../../../src/deployers/dynamo/commands.ts'
import { type Host, misfitOn, placeFor } from '../../../src/deployers/nodes/placement.ts'
import { type Deployment, roles, type Topology, workersOf } from '../../../src/model/index.ts'

const setup: DynamoSetup = {
  config: {
    python: 'python',
    backend: 'dynamo.mocker',
    args: {},
    role_args: {},
    frontend_args: {},
    env: {},
    ready_timeout: 1,
  },
  model: 'm',
  folder: '/f',
  namespace: 'ns',
  natsUrl: 'n',
  etcdUrl: 'e',
}
const gpuHost = (name: string, gpus: number): Host => ({
  name,
  gpus: Array.from({ length: gpus }, (_, gpu) => gpu),
  maxWorkers: null,
})
const plainHost = (name: string): Host => ({ name, gpus: null, maxWorkers: 1 })

function deployment(topology: Topology, prefill: number, decode: number): Deployment {
  const gpusPerWorker = { prefill, decode, aggregated: decode }
  return { id: 'x', topology, model: { name: 'm', tokenizer: 't' }, engine: {}, gpusPerWorker }
}
const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const change = (running: readonly WorkerSlot[], wanted: Deployment, hosts: readonly Host[]) =>
  smallestChange(running, wanted, designsOf(setup, wanted), hosts)

describe('placement', () => {
  it('puts one worker on a node that names no GPUs', () => {
    const { start } = change([], deployment(disaggregated(1, 1), 4, 4), [plainHost('a'), plainHost('b')])
    assert.deepEqual(
      start.map(({ name, host, gpus }) => [name, host, gpus]),
      [
        ['prefill-0', 'a', null],
        ['decode-0', 'b', null],
      ],
    )
  })

  it('fills a node’s GPUs before it begins another', () => {
    const hosts = [gpuHost('a', 4), gpuHost('b', 4)]
    const { start } = change([], deployment(disaggregated(2, 1), 2, 2), hosts)
    assert.deepEqual(
      start.map(({ host, gpus }) => [host, gpus]),
      [
        ['a', [0, 1]],
        ['a', [2, 3]],
        ['b', [0, 1]],
      ],
    )
  })

  it('leaves room for large workers on the emptier node', () => {
    const place = placeFor(2, [gpuHost('a', 8), gpuHost('b', 4)], [])
    assert.equal(place?.host, 'b')
  })

  it('places anew when the workers that stay are in the way', () => {
    const hosts = [gpuHost('a', 4), gpuHost('b', 4)]
    const before = change([], deployment({ kind: 'aggregated', workers: 3 }, 2, 2), hosts).start
    const scattered = before.filter(({ name }) => name !== 'aggregated-0')
    const wanted = deployment({ kind: 'aggregated', workers: 2 }, 2, 4)
    assert.equal(scattered.length, 2)
    assert.deepEqual(
      change(scattered, wanted, hosts).start.map(({ host }) => host),
      ['a', 'b'],
    )
  })

  it('says what has no room, and where', () => {
    const hosts = [gpuHost('a', 4), gpuHost('b', 4)]
    assert.equal(
      misfitOn(hosts, deployment(disaggregated(1, 2), 4, 4)),
      'it needs 12 GPUs, and only 1 of 2 decode workers of 4 fit (a has 4, b has 4)',
    )
    assert.equal(
      misfitOn(hosts, deployment(disaggregated(1, 1), 1, 8)),
      'it needs 9 GPUs, and a decode worker of 8 does not fit on any single node without nodes_per_worker (a has 4, b has 4)',
    )
  })

  it('of whatever fits on empty nodes holds no GPU twice, exceeds no node, and reaches what is wanted from anywhere', () => {
    const size = fc.constantFrom(1, 2, 4)
    const topology: fc.Arbitrary<Topology> = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })).map(([p, d]) => disaggregated(p, d)),
      fc.integer({ min: 1, max: 5 }).map(workers => ({ kind: 'aggregated' as const, workers })),
    )
    const wanted = fc.tuple(topology, size, size).map(([shape, p, d]) => deployment(shape, p, d))
    const machine = fc.option(fc.integer({ min: 1, max: 8 }), { nil: null })
    const hosts = fc
      .array(machine, { minLength: 1, maxLength: 5 })
      .map(sizes => sizes.map((gpus, i) => (gpus === null ? plainHost(`n${i}`) : gpuHost(`n${i}`, gpus))))
    fc.assert(
      fc.property(hosts, fc.array(wanted, { minLength: 1, maxLength: 5 }), (machines, sequence) => {
        let running: readonly WorkerSlot[] = []
        for (const next of sequence.filter(each => misfitOn(machines, each) === null)) {
          const { keep, start } = change(running, next, machines)
          running = [...keep, ...start]
          for (const role of roles) {
            const mine = running.filter(worker => worker.role === role)
            assert.equal(mine.length, workersOf(next.topology, role))
          }
          for (const { name, gpus } of machines) {
            const here = running.filter(worker => worker.host === name)
            const held = here.flatMap(worker => worker.gpus ?? [])
            assert.equal(new Set(held).size, held.length)
            assert.ok(gpus === null ? here.length <= 1 : held.every(gpu => gpus.includes(gpu)))
          }
        }
      }),
    )
  })

  it('spreads a worker over distinct nodes, its GPUs evenly, and says which nodes have too few free', () => {
    const hosts = [gpuHost('a', 4), gpuHost('b', 4), gpuHost('c', 4)]
    const spread = (workers: number): Deployment => ({
      ...deployment({ kind: 'aggregated', workers }, 4, 8),
      engine: { aggregated: { nodes_per_worker: 2 } },
    })
    const unknown: DynamoSetup = { ...setup, config: { ...setup.config, backend: 'my.worker' } }
    const { start } = smallestChange<WorkerSlot>([], spread(1), designsOf(unknown, spread(1)), hosts)
    assert.deepEqual(
      start.map(({ host, gpus, others }) => [host, gpus, others]),
      [['a', [0, 1, 2, 3], [{ host: 'b', gpus: [0, 1, 2, 3] }]]],
    )
    assert.equal(
      misfitOn(hosts, spread(2)),
      'it needs 16 GPUs, and aggregated worker 2 of 2 of 8 GPUs on 2 nodes needs 2 nodes with 4 free GPUs each (a has 0 of 4 free, b has 0 of 4 free, c has 4 of 4 free)',
    )
  })
})
