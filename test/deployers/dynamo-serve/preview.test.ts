import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import type { DynamoServeConfig } from '../../../src/deployers/dynamo-serve/config.ts'
import { previewServe } from '../../../src/deployers/dynamo-serve/preview.ts'
import { nodesOf } from '../../../src/deployers/nodes/create.ts'
import type { Deployment } from '../../../src/model/index.ts'
import { aggregated, config, deployment, disaggregated, workdir } from './config.ts'

const place = { config, model: 'org/model', folder: '/run/deploy' }
const preview = (from: Deployment | null, wanted: Deployment) => previewServe(place, from, wanted)
const notes = (from: Deployment | null, wanted: Deployment) => preview(from, wanted).commands.map(({ note }) => note)
/** Command lines with the copies' hashes left out. */
const lines = (wanted: Deployment) =>
  preview(null, wanted).commands.map(({ argv }) => argv.join(' ').replace(/-[0-9a-f]{8,}(?=\.yaml)/g, ''))

describe('a first deployment', () => {
  it('runs the guide’s commands, disaggregated', () => {
    assert.deepEqual(lines(deployment(disaggregated(1, 2))).slice(2), [
      '/venv/bin/dynamo serve graphs.agg:Frontend -f /run/deploy/engine/disagg-decode.yaml',
      '/venv/bin/dynamo serve components.prefill_worker:TensorRTLLMPrefillWorker -f /run/deploy/engine/disagg-prefill.yaml --service-name TensorRTLLMPrefillWorker',
      '/venv/bin/dynamo serve components.worker:TensorRTLLMWorker -f /run/deploy/engine/disagg-decode.yaml --service-name TensorRTLLMWorker',
    ])
  })

  it('runs the guide’s commands, aggregated', () => {
    assert.deepEqual(lines(deployment(aggregated(2))).slice(2), [
      '/venv/bin/dynamo serve graphs.agg:Frontend -f /run/deploy/engine/agg-aggregated.yaml',
      '/venv/bin/dynamo serve components.worker:TensorRTLLMWorker -f /run/deploy/engine/agg-aggregated.yaml --service-name TensorRTLLMWorker',
    ])
  })

  it('brings NATS with JetStream and etcd up first', () => {
    const [nats, etcd] = lines(deployment(aggregated(1)))
    assert.match(nats ?? '', /^nats-server -js /)
    assert.match(etcd ?? '', /^etcd .*--listen-client-urls http:\/\/127\.0\.0\.1:/)
  })

  it('uses given services instead', () => {
    const given = { ...config, nats: 'nats://10.0.0.1:4222', etcd: 'http://10.0.0.1:2379' }
    const { commands } = previewServe({ ...place, config: given }, null, deployment(aggregated(1)))
    assert.equal(commands.length, 1)
    assert.equal(commands[0]?.env.ETCD_ENDPOINTS, 'http://10.0.0.1:2379')
  })

  it('sets the guide’s environment, and the port where Dynamo 0.3.1 reads it', () => {
    const env = preview(null, deployment(aggregated(1))).commands[2]?.env ?? {}
    assert.equal(env.HEAD_NODE_IP, '127.0.0.1')
    assert.equal(env.NATS_SERVER, 'nats://127.0.0.1:<free port 1>')
    assert.equal(env.ETCD_ENDPOINTS, 'http://127.0.0.1:<free port 2>')
    assert.equal(env.DYNAMO_PORT, '8000')
    assert.equal(env.PATH, '/venv/bin:$PATH')
    assert.equal(env.CUDA_VISIBLE_DEVICES, undefined)
  })

  it('hands out GPUs, which each `dynamo serve` would take from 0 on by itself', () => {
    const gpus = { ...config, gpus: [0, 1, 2, 3, 4, 5] }
    const { commands } = previewServe({ ...place, config: gpus }, null, deployment(disaggregated(1, 1)))
    assert.deepEqual(
      commands.slice(2).map(({ env }) => [env.CUDA_VISIBLE_DEVICES, env.DYN_DISABLE_AUTO_GPU_ALLOCATION]),
      [
        ['0,1,2,3', '1'],
        ['4,5', '1'],
      ],
    )
  })

  it('hides secrets of the environment', () => {
    const secret = { ...config, env: { HF_TOKEN: 'hf_very_secret_token' } }
    const shown = JSON.stringify(previewServe({ ...place, config: secret }, null, deployment(aggregated(1))))
    assert.ok(!shown.includes('hf_very_secret_token'))
  })
})

describe('a change', () => {
  const from = deployment(disaggregated(1, 1))

  it('of one prefill worker starts that one', () => {
    assert.deepEqual(notes(from, deployment(disaggregated(2, 1))), [`prefill-1, in ${workdir}`])
  })

  it('from 2P1D to 1P2D keeps the head', () => {
    assert.deepEqual(notes(deployment(disaggregated(2, 1)), deployment(disaggregated(1, 2))), [
      'stop prefill-1',
      `decode-1, in ${workdir}`,
    ])
  })

  it('of prefill’s settings restarts prefill workers alone', () => {
    assert.deepEqual(notes(from, deployment(disaggregated(1, 1), { prefill: { max_batch_size: 2 } })), [
      'stop prefill-0',
      `prefill-0, in ${workdir}`,
    ])
  })

  it('of decode’s settings restarts the head and what decodes beside it', () => {
    const changed = deployment(disaggregated(1, 2), { decode: { max_batch_size: 2 } })
    assert.deepEqual(notes(deployment(disaggregated(1, 2)), changed), [
      'stop head (frontend and decode-0)',
      'stop decode-1',
      `head (frontend and decode-0), in ${workdir}`,
      `decode-1, in ${workdir}`,
    ])
  })

  it('to aggregated restarts everything but NATS and etcd', () => {
    assert.deepEqual(notes(from, deployment(aggregated(1))), [
      'stop head (frontend and decode-0)',
      'stop prefill-0',
      `head (frontend and aggregated-0), in ${workdir}`,
    ])
  })
})

describe('the copies of the user’s files', () => {
  const wanted = deployment(disaggregated(1, 1), {
    prefill: { max_batch_size: 2, enable_attention_dp: true },
    decode: { free_gpu_memory_fraction: 0.3, use_cuda_graph: false },
  })
  const { files } = preview(null, wanted)
  const content = (name: string) =>
    files.find(({ path }) => path.startsWith(`/run/deploy/engine/${name}-`))?.content ?? assert.fail(`no ${name}`)

  it('keep comments', () => {
    assert.match(content('disagg-decode'), /# Clients ask for this name\.\n {2}served_model_name: org\/model/)
    assert.match(content('disagg_llm_api_config-prefill'), /# One prompt fills the GPUs\.\n {2}max_batch_size: 2/)
  })

  it('hold a role’s settings in its own section, where the file has them', () => {
    const prefill = parse(content('disagg_llm_api_config-prefill'))
    assert.equal(prefill.context_servers.max_batch_size, 2)
    assert.equal(prefill.context_servers.enable_attention_dp, true)
    assert.equal(prefill.generation_servers.max_batch_size, 256)
    const decode = parse(content('disagg_llm_api_config-decode'))
    assert.equal(decode.generation_servers.free_gpu_memory_fraction, 0.3)
    assert.equal(decode.generation_servers.pytorch_backend_config.use_cuda_graph, false)
    assert.equal(decode.context_servers.free_gpu_memory_fraction, 0.75)
  })

  it('name the copied engine file, one worker a process, and its GPUs', () => {
    const service = parse(content('disagg-prefill')).TensorRTLLMPrefillWorker
    assert.match(service['llmapi-disaggregated-config'], /^\/run\/deploy\/engine\/disagg_llm_api_config-prefill-/)
    assert.equal(service.engine_args, 'configs/deepseek_r1/agg_llm_api_config.yaml')
    assert.deepEqual(service.ServiceArgs, { workers: 1, resources: { gpu: 2 } })
  })

  it('take an aggregated worker’s settings at the top level', () => {
    const engine = { aggregated: { max_batch_size: 64, free_gpu_memory_fraction: 0.5, kv_cache_dtype: 'fp8' } }
    const [copy] = preview(null, deployment(aggregated(1), engine)).files
    assert.match(copy?.content ?? '', /max_batch_size: 64 # per worker/)
    const settings = parse(copy?.content ?? '')
    assert.equal(settings.kv_cache_config.free_gpu_memory_fraction, 0.5)
    assert.equal(settings.pytorch_backend_config.kv_cache_dtype, 'fp8')
  })

  it('are made of nothing but the service configuration when no setting is asked for', () => {
    assert.equal(preview(null, deployment(aggregated(2))).files.length, 1)
  })
})

describe('over several nodes', () => {
  const nodes = [{ name: 'n1', gpus: [0, 1, 2, 3] }, { name: 'n2' }]
  const over = (change: Partial<DynamoServeConfig>, wanted: Deployment) => {
    const there = { ...config, head: '10.0.0.1', ...change }
    return previewServe(
      { ...place, folder: '/tmp/ns', config: there },
      null,
      wanted,
      nodesOf(there, ledger)('ns', '/logs'),
    )
  }
  const ledger = { id: 'l', runFolder: null, open() {}, add() {}, remove() {}, close() {} }
  const shorter = (text: string) => text.replace(/-[0-9a-f]{8,}(?=\.yaml)/g, '')

  it('connects to them, and tells the guide’s command for each beside what carries it there', () => {
    const { commands } = over({ nodes, gpus: [0, 1, 2, 3] }, deployment(disaggregated(1, 1)))
    assert.deepEqual(
      commands.map(({ note = '' }) => shorter(note)),
      [
        'connection to n1',
        'connection to n2',
        'NATS',
        'etcd',
        `head (frontend and decode-0), in ${workdir}: dynamo serve graphs.agg:Frontend -f /tmp/ns/engine/disagg-decode.yaml`,
        `prefill-0 on n1, in ${workdir}: dynamo serve components.prefill_worker:TensorRTLLMPrefillWorker -f /tmp/ns/engine/disagg-prefill.yaml --service-name TensorRTLLMPrefillWorker`,
      ],
    )
    const [decode, prefill] = commands.slice(4).map(({ argv }) => argv)
    assert.deepEqual([decode?.[0], prefill?.[0]], ['bash', 'ssh'])
    const words = ['HEAD_NODE_IP=10.0.0.1', 'NATS_SERVER=nats://10.0.0.1:<free port 1>', 'CUDA_VISIBLE_DEVICES=0,1']
    for (const word of words) assert.ok(prefill?.at(-1)?.includes(word), word)
  })

  it('gives a worker on another node every file that its configuration names, since that node has none of ours', () => {
    const { files, commands } = over({ nodes, gpus: [0, 1, 2, 3] }, deployment(disaggregated(1, 1)))
    assert.deepEqual(files, [])
    const sent = commands.at(-1)?.argv.at(-1) ?? ''
    const copies = [...sent.matchAll(/\/tmp\/ns\/engine\/[\w-]+\.yaml/g)].map(([path]) => shorter(path))
    for (const name of ['agg_llm_api_config', 'disagg_llm_api_config', 'disagg'])
      assert.ok(copies.includes(`/tmp/ns/engine/${name}-prefill.yaml`), name)
    assert.match(sent, /llmapi-disaggregated-config: \/tmp\/ns\/engine\/disagg_llm_api_config-prefill-/)
  })

  it('runs in the guide’s container, in the image’s own folder', () => {
    const container = {
      runtime: 'docker',
      image: 'dynamo:latest-tensorrtllm',
      args: ['-v', '/tmp/hf_cache:/root/.cache/huggingface'],
      dynamo: 'dynamo',
      workdir: '/workspace/examples/tensorrt_llm',
    } as const
    const { commands } = over({ container }, deployment(aggregated(1)))
    const line = commands.at(-1)?.argv.join(' ') ?? ''
    assert.match(
      line,
      /docker run --rm --init --name ns-aggregated-0 --gpus all --network host -w \/workspace\/examples\/tensorrt_llm /,
    )
    assert.match(
      line,
      / -v \/tmp\/hf_cache:\/root\/\.cache\/huggingface dynamo:latest-tensorrtllm dynamo serve graphs\.agg:Frontend -f /,
    )
  })

  it('runs as steps of an allocation, without the variables that break MPI spawn', () => {
    const slurm = { nodes: 2, queue_timeout: 60, salloc_args: [], srun_args: [], keep_slurm_variables: false }
    const { commands } = over({ slurm }, deployment(disaggregated(1, 1)))
    assert.equal(commands[0]?.note, 'allocation')
    const line = commands.at(-1)?.argv.join(' ') ?? ''
    assert.match(line, /^srun --jobid=<job> .*env -C \S+ -u SLURM_JOBID -u SLURM_JOB_ID -u SLURM_NODELIST PATH=/s)
  })
})
