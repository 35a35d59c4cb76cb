import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DynamoConfig } from '../../../src/deployers/dynamo/config.ts'
import { previewDynamo } from '../../../src/deployers/dynamo/preview.ts'
import { nodesOf } from '../../../src/deployers/nodes/create.ts'
import type { Deployment, EngineSettings, Topology } from '../../../src/model/index.ts'
import type { ProcessLedger } from '../../../src/process/ledger.ts'

const config: DynamoConfig = {
  python: '/venv/bin/python',
  backend: 'dynamo.trtllm',
  args: {},
  role_args: {},
  frontend_args: {},
  env: { HF_TOKEN: 'hf_very_secret_token' },
  gpus: [0, 1, 2, 3, 4, 5, 6, 7],
  ready_timeout: 60,
}
const setup = { config, model: 'org/model', folder: '/run/deploy', namespace: 'ns' }

function deployment(topology: Topology, decode: EngineSettings = {}): Deployment {
  const model = { name: 'org/model', tokenizer: 't' }
  return { id: 'x', topology, model, engine: { decode }, gpusPerWorker: { prefill: 2, decode: 2, aggregated: 2 } }
}
const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })

it('a first deployment is previewed whole, in the order of its start', () => {
  const { commands } = previewDynamo(setup, null, deployment(disaggregated(1, 2)))
  assert.deepEqual(
    commands.map(command => command.note),
    ['NATS', 'etcd', 'frontend', 'prefill-0', 'decode-0', 'decode-1'],
  )
  assert.deepEqual(
    commands.map(command => command.env.CUDA_VISIBLE_DEVICES),
    [undefined, undefined, undefined, '0,1', '2,3', '4,5'],
  )
})

it('a change is previewed as what it stops and starts, and no more', () => {
  const { commands } = previewDynamo(setup, deployment(disaggregated(1, 2)), deployment(disaggregated(2, 1)))
  assert.deepEqual(
    commands.map(command => command.note),
    ['stop decode-1', 'prefill-1'],
  )
})

it('an engine file is previewed once, with its content', () => {
  const wanted = deployment(disaggregated(1, 2), { max_batch_size: 8 })
  const { files } = previewDynamo(setup, deployment(disaggregated(1, 2)), wanted)
  assert.deepEqual(
    files.map(file => file.content),
    ['max_batch_size: 8\n'],
  )
})

it('a preview holds no secret', () => {
  const shown = JSON.stringify(previewDynamo(setup, null, deployment(disaggregated(1, 1))))
  assert.ok(!shown.includes('hf_very_secret_token'))
  assert.ok(shown.includes('$HF_TOKEN'))
})

it('a preview of what runs on nodes holds no secret either', () => {
  const nodes = [{ name: 'a' }, { name: 'b' }]
  const { gpus: _, ...rest } = config
  const elsewhere: DynamoConfig = { ...rest, head: '127.0.0.1', nodes }
  const ledger: ProcessLedger = { id: 'l', runFolder: null, open() {}, add() {}, remove() {}, close() {} }
  const machines = nodesOf(elsewhere, ledger)('ns', '/logs')
  const wanted = deployment(disaggregated(1, 1))
  const { commands } = previewDynamo({ ...setup, config: elsewhere }, null, wanted, machines)
  assert.equal(commands.at(-1)?.argv[0], 'ssh')
  assert.ok(!JSON.stringify(commands).includes('hf_very_secret_token'))
})

it('{port} in an argument is a port of each worker’s own', () => {
  const args = { 'kv-events-config': { publisher: 'zmq', endpoint: 'tcp://127.0.0.1:{port}' } }
  const { commands } = previewDynamo({ ...setup, config: { ...config, args } }, null, deployment(disaggregated(1, 1)))
  for (const { argv } of commands.filter(({ note }) => /^(prefill|decode)/.test(note ?? '')))
    assert.ok(argv.includes('{"publisher":"zmq","endpoint":"tcp://127.0.0.1:<free port>"}'), argv.join(' '))
})

it('a worker over Ray is previewed as the commands of its nodes, each with its GPUs', () => {
  const hosts = ['north', 'south'].map((name, i) => ({ name, address: `10.0.0.${i + 1}`, gpus: [4, 5] }))
  const overSsh: DynamoConfig = { ...config, backend: 'dynamo.vllm', head: '127.0.0.1', nodes: hosts }
  const { gpus: _, ...onNodes } = overSsh
  const wanted: Deployment = {
    ...deployment({ kind: 'aggregated', workers: 1 }),
    engine: { aggregated: { nodes_per_worker: 2, pipeline_parallel_size: 4, distributed_executor_backend: 'ray' } },
    gpusPerWorker: { prefill: 1, decode: 1, aggregated: 4 },
  }
  const nodes = nodesOf(onNodes, {} as ProcessLedger)('ns', '/logs')
  const { commands } = previewDynamo({ ...setup, config: onNodes }, null, wanted, nodes)
  const ranks = commands.filter(({ note }) => note?.startsWith('aggregated')).map(({ argv }) => argv.join(' '))
  assert.equal(ranks.length, 2)
  const [head = '', other = ''] = ranks
  const start = '/venv/bin/python -m ray.scripts.scripts start'
  assert.match(head, new RegExp(`${start} --head '?--port=`))
  assert.match(head, /-m dynamo\.vllm .*--distributed-executor-backend ray/)
  assert.match(other, new RegExp(`${start} '?--address=10\\.0\\.0\\.1:`))
  assert.doesNotMatch(other, /dynamo\.vllm/)
  for (const rank of ranks) assert.match(rank, /CUDA_VISIBLE_DEVICES=4,5/)
})
