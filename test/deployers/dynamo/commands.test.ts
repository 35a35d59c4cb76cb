import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { checkDynamoConfig } from '../../../src/deployers/dynamo/check.ts'
import {
  type DynamoSetup,
  designWorker,
  frontendCommand,
  processEnvironment,
  workerEnvironment,
} from '../../../src/deployers/dynamo/commands.ts'
import type { DynamoConfig } from '../../../src/deployers/dynamo/config.ts'
import { misfitUnder } from '../../../src/deployers/nodes/room.ts'
import { commandLine, mergeArguments } from '../../../src/engines/arguments.ts'
import { checkEngineSettings } from '../../../src/engines/engine-settings.ts'

const base: DynamoConfig = {
  python: '/venv/bin/python',
  backend: 'dynamo.mocker',
  args: {},
  role_args: {},
  frontend_args: {},
  env: {},
  ready_timeout: 60,
}

function setup(change: Partial<DynamoConfig> = {}): DynamoSetup {
  const config = { ...base, ...change }
  return {
    config,
    model: 'org/model',
    folder: '/run/deploy',
    namespace: 'ns',
    natsUrl: 'nats://n',
    etcdUrl: 'http://e',
  }
}

const argvOf = (change: Partial<DynamoConfig>, role: 'prefill' | 'decode' | 'aggregated', settings = {}) =>
  designWorker(setup(change), role, settings, 4).command.argv.join(' ')

describe('arguments', () => {
  it('become flags: bare for true, left out for false, repeated for lists, JSON for maps', () => {
    const args = { a_b: 1, on: true, off: false, none: null, many: [1, 'x'], map: { k: [true] } }
    assert.deepEqual(commandLine(args), ['--a-b', '1', '--on', '--many', '1', '--many', 'x', '--map', '{"k":[true]}'])
  })

  it('are one argument in every spelling, the later source winning', () => {
    assert.deepEqual(mergeArguments({ 'max-num-seqs': 1 }, undefined, { max_num_seqs: 2 }), { 'max-num-seqs': 2 })
  })
})

describe('a worker command', () => {
  it('of the mocker names model and role', () => {
    assert.equal(
      argvOf({ args: { 'engine-type': 'trtllm' } }, 'prefill'),
      '/venv/bin/python -m dynamo.mocker --model-path org/model --engine-type trtllm --disaggregation-mode prefill',
    )
  })

  it('of an aggregated worker says nothing of its role: that is every backend’s default', () => {
    assert.ok(!argvOf({ backend: 'dynamo.trtllm' }, 'aggregated').includes('disaggregation'))
  })

  it('of vLLM says how KV blocks travel, unless the sweep file does', () => {
    const vllm = { backend: 'dynamo.vllm' }
    assert.match(
      argvOf(vllm, 'decode'),
      /--model org\/model --served-model-name org\/model .*--kv-transfer-config \{"kv_connector":"NixlConnector"/,
    )
    const own = argvOf({ ...vllm, args: { kv_transfer_config: { kv_connector: 'Own' } } }, 'prefill')
    assert.match(own, /--kv-transfer-config \{"kv_connector":"Own"\}/)
    assert.ok(!own.includes('Nixl'))
  })

  it('loads from a path that the sweep file gives, and serves it under the model’s name', () => {
    const argv = argvOf({ backend: 'dynamo.sglang', args: { 'model-path': '/models/x' } }, 'decode')
    assert.match(argv, /--served-model-name org\/model --model-path \/models\/x/)
  })

  it('takes a role’s own arguments over those of all', () => {
    const argv = argvOf({ args: { seed: 1 }, role_args: { decode: { seed: 2 } } }, 'decode')
    assert.match(argv, /--seed 2/)
    assert.ok(!argv.includes('--seed 1'))
  })

  it('has the same signature for the same design, another for another setting or environment', () => {
    const signature = (change: Partial<DynamoConfig>, settings = {}) =>
      designWorker(setup(change), 'decode', settings, 4).signature
    assert.equal(signature({}), signature({}))
    assert.notEqual(signature({}), signature({}, { max_num_seqs: 8 }))
    assert.notEqual(signature({}), signature({ env: { X: '1' } }))
  })
})

describe('engine settings', () => {
  it('become a TensorRT-LLM file in its own nesting', () => {
    const settings = {
      max_batch_size: 256,
      free_gpu_memory_fraction: 0.8,
      kv_cache_dtype: 'fp8',
      kv_cache_config: { enable_block_reuse: false },
    }
    const { command, files } = designWorker(setup({ backend: 'dynamo.trtllm' }), 'decode', settings, 4)
    assert.equal(files.length, 1)
    assert.equal(command.argv[command.argv.indexOf('--extra-engine-args') + 1], files[0]?.path)
    assert.match(files[0]?.path ?? '', /^\/run\/deploy\/engine\/decode-[0-9a-f]{12}\.yaml$/)
    assert.deepEqual(parse(files[0]?.content ?? ''), {
      max_batch_size: 256,
      kv_cache_config: { enable_block_reuse: false, free_gpu_memory_fraction: 0.8, dtype: 'fp8' },
    })
  })

  it('are laid over the user’s own TensorRT-LLM file, which stays as it is', () => {
    const args = { extra_engine_args: '/my/decode.yaml' }
    const { command, files } = designWorker(
      setup({ backend: 'dynamo.trtllm', args }),
      'decode',
      { max_num_tokens: 512 },
      4,
    )
    assert.deepEqual(files, [])
    assert.match(
      command.argv.join(' '),
      /--extra-engine-args \/my\/decode.yaml .*--override-engine-args \{"max_num_tokens":512\}/,
    )
  })

  it('become flags for the others, switched off in each one’s way', () => {
    assert.match(
      argvOf({ backend: 'dynamo.vllm' }, 'decode', { enable_prefix_caching: false }),
      /--no-enable-prefix-caching/,
    )
    const sglang = argvOf({ backend: 'dynamo.sglang' }, 'decode', { enable_dp_attention: false, tp_size: 4 })
    assert.match(sglang, /--tp-size 4/)
    assert.ok(!sglang.includes('dp-attention'))
  })

  it('in TensorRT-LLM’s words rehearse on the mocker in its own', () => {
    assert.match(
      argvOf({}, 'decode', { max_batch_size: 64, max_num_tokens: 4096 }),
      /--max-num-seqs 64 --max-num-batched-tokens 4096/,
    )
  })

  it('that a backend does not know are refused by name, with the nearest known one', () => {
    const [problem] = checkEngineSettings('dynamo.mocker', 'decode', { max_num_seq: 1, block_size: 16 })
    assert.match(
      `${problem?.wrong}; ${problem?.remedy}`,
      /unknown setting 'max_num_seq' for decode workers of dynamo\.mocker; did you mean 'max_num_seqs'/,
    )
    assert.equal(checkEngineSettings('dynamo.trtllm', 'prefill', { tensor_paralel_size: 4 }).length, 1)
    assert.deepEqual(checkEngineSettings('my.backend', 'decode', { anything: 1 }), [])
  })
})

describe('a deployment of processes', () => {
  it('keeps to loopback and to its namespace', () => {
    const env = processEnvironment(setup())
    assert.equal(env.DYN_TCP_RPC_HOST, '127.0.0.1')
    assert.equal(env.DYN_NAMESPACE, 'ns')
    assert.equal(env.VLLM_NIXL_SIDE_CHANNEL_HOST, undefined)
    assert.equal(processEnvironment(setup({ backend: 'dynamo.vllm' })).VLLM_NIXL_SIDE_CHANNEL_HOST, '127.0.0.1')
    const frontend = frontendCommand(setup({ frontend_args: { 'router-mode': 'kv' } }), 8000).argv.join(' ')
    assert.equal(
      frontend,
      '/venv/bin/python -m dynamo.frontend --router-mode kv --http-host 127.0.0.1 --http-port 8000 --namespace ns',
    )
  })

  it('takes the sweep file’s environment over its own', () => {
    assert.equal(processEnvironment(setup({ env: { DYN_EVENT_PLANE: 'zmq' } })).DYN_EVENT_PLANE, 'zmq')
    assert.match(frontendCommand(setup({ env: { DYN_NAMESPACE: 'mine' } }), 1).argv.join(' '), /--namespace mine/)
  })

  it('lets a killed worker leave discovery after 10 s in every version', () => {
    assert.equal(processEnvironment(setup()).ETCD_LEASE_TTL, '10')
    assert.equal(processEnvironment(setup({ env: { ETCD_LEASE_TTL: '5' } })).ETCD_LEASE_TTL, '5')
  })

  it('keeps Dynamo from leaving a logging file behind, except for SGLang, which reads it', () => {
    const skips = (backend: string) => processEnvironment(setup({ backend })).DYN_SKIP_SGLANG_LOG_FORMATTING
    assert.deepEqual(['dynamo.mocker', 'dynamo.vllm', 'dynamo.sglang'].map(skips), ['1', '1', undefined])
  })

  it('shows each worker its own GPUs', () => {
    const ports = { system: 9, sideChannel: 10 }
    assert.deepEqual(workerEnvironment('dynamo.trtllm', [4, 5], ports), {
      DYN_SYSTEM_PORT: '9',
      CUDA_VISIBLE_DEVICES: '4,5',
    })
    assert.equal(workerEnvironment('dynamo.vllm', null, ports).VLLM_NIXL_SIDE_CHANNEL_PORT, '10')
  })

  it('refuses arguments that Fulcrum gives itself, and GPUs listed twice', () => {
    const config = {
      ...base,
      args: { num_workers: 2 },
      role_args: { decode: { '--disaggregation-mode': 'agg' } },
      frontend_args: { http_port: 1 },
      gpus: [0, 1, 0],
    }
    assert.deepEqual(
      checkDynamoConfig(config).map(({ path }) => path?.join('.')),
      ['args.num_workers', 'role_args.decode.--disaggregation-mode', 'frontend_args.http_port', 'gpus'],
    )
    assert.deepEqual(checkDynamoConfig(base), [])
  })

  it('does not fit on fewer GPUs than it needs', () => {
    const deployment = {
      id: 'x',
      topology: { kind: 'disaggregated', prefill: 2, decode: 1 },
      model: { name: 'm', tokenizer: 't' },
      engine: {},
      gpusPerWorker: { prefill: 2, decode: 4, aggregated: 1 },
    } as const
    const misfit = misfitUnder({ ...base, gpus: [0, 1, 2, 3] }, deployment)
    assert.match(misfit?.wrong ?? '', /needs 8 GPUs, and deploy.gpus lists 4/)
    assert.equal(misfitUnder(base, deployment), null)
  })
})
