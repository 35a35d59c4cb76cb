import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WorkerRank } from '../../src/engines/define-engine.ts'
import { vllmMultinode } from '../../src/engines/vllm/multinode.ts'

const overRay = { 'distributed-executor-backend': 'ray', 'tensor-parallel-size': 16 }
const shape = { nodes: 2, gpusPerNode: 8 }
const worker = ['/opt/python', '-m', 'dynamo.vllm', '--model', 'm'] as const

const head = { address: '10.0.0.1', port: 20_497 }
const rank = (number: number): WorkerRank => ({
  ...{ ...shape, rank: number, head, folder: '/tmp/ns/decode-0' },
  address: `10.0.0.${number + 1}`,
})
const commandOf = (number: number) => vllmMultinode.ranks(overRay, shape).commandOf?.(rank(number), worker) ?? []
const everywhere = [
  ...['--num-gpus=8', '--min-worker-port=0', '--max-worker-port=0', '--dashboard-agent-listen-port=0'],
  '--temp-dir=/tmp/ns/decode-0',
]
const ray = ['/opt/python', '-m', 'ray.scripts.scripts', 'start']

describe('vLLM over Ray', () => {
  it('runs once, on the head, after all nodes have joined', () => {
    const [bash, flag, script, name, cluster, nodes, limit, program, count, ...commands] = commandOf(0)
    assert.deepEqual([bash, flag, name, cluster, nodes, limit], ['bash', '-c', 'ray', '10.0.0.1:20497', '2', '300'])
    assert.match(script ?? '', /RAY_ADDRESS=\$cluster/)
    assert.match(program ?? '', /nodes have joined Ray/)
    const start = [
      ...[...ray, '--head', '--port=20497', '--node-ip-address=10.0.0.1', ...everywhere],
      ...['--include-dashboard=false', '--disable-usage-stats', '--block'],
    ]
    assert.deepEqual(commands, [...start, ...worker])
    assert.equal(Number(count), start.length)
  })

  it('is no worker on the other nodes, which join the head at their own address', () => {
    const [, , , , address, port, limit, ...command] = commandOf(1)
    assert.deepEqual([address, port, limit], ['10.0.0.1', '20497', '300'])
    assert.deepEqual(command, [
      ...[...ray, '--address=10.0.0.1:20497', '--node-ip-address=10.0.0.2', ...everywhere],
      ...['--disable-usage-stats', '--block'],
    ])
  })

  it('registers once, and needs Ray in the engine’s Python', () => {
    assert.equal(vllmMultinode.ranks(overRay, shape).registers, 1)
    assert.deepEqual(vllmMultinode.packages?.(overRay), ['ray'])
  })

  it('is not what runs where the settings choose nothing, or the multiprocessing executor', () => {
    for (const args of [{}, { 'distributed-executor-backend': 'mp' }]) {
      const plan = vllmMultinode.ranks({ ...args, 'tensor-parallel-size': 16 }, shape)
      assert.equal(plan.commandOf, undefined)
      assert.equal(plan.argumentsOf?.(rank(1))['node-rank'], 1)
      assert.deepEqual(vllmMultinode.packages?.(args), [])
    }
  })
})
