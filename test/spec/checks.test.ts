import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { filesOf, problems, read, sweepText } from './sweep-text.ts'

/** Line 3 is deploy, 5 workloads, 6 load, 7 engine. */
function text(backend: string, engine: string, more: { readonly [section: string]: string } = {}): string {
  const args = more.args === undefined ? '' : `, args: ${more.args}`
  const { args: _, ...sections } = more
  const deploy = backend === 'simulated' ? '{ with: simulated }' : `{ with: dynamo, backend: dynamo.${backend}${args} }`
  return sweepText({ deploy, topologies: '1P1D', ...sections, engine })
}

const sound = 'cache_transceiver_config: { backend: DEFAULT }, disable_overlap_scheduler: true'
const aggregated = { topologies: 'agg x1', workloads: '[9/9]', load: '{ concurrency: 4 }' }
const file = (content: string) => filesOf({ '/sweeps/engine.yaml': content })

async function refused(source: string, pattern: RegExp, files = filesOf({})): Promise<void> {
  const found = await problems(source, files)
  assert.match(found[0] ?? 'no problem', pattern)
  assert.equal(found.length, 1, found.join('\n'))
}

async function warned(source: string, ...patterns: RegExp[]): Promise<void> {
  const { warnings } = await read(source)
  for (const [index, pattern] of patterns.entries()) assert.match(warnings[index] ?? 'no warning', pattern)
  assert.equal(warnings.length, patterns.length, warnings.join('\n'))
}

async function gpus(source: string): Promise<number | undefined> {
  return (await read(source)).deployments[0]?.gpusPerWorker.aggregated
}

describe('hosts for the load', () => {
  const shards = (hosts: string) => `{ name: built-in, shards: { count: 2, hosts: ${hosts} } }`
  const url = (host: string) => `{ with: attach, url: 'http://${host}:8000', gpus: 1 }`
  const sweep = (deploy: string, hosts: string) => sweepText({ deploy, topologies: 'agg x1', generator: shards(hosts) })
  const message = /the endpoint is on this machine’s loopback address, which load-1 cannot reach; write deploy/

  test('are warned of an endpoint that only this machine reaches', async () => {
    for (const deploy of [url('127.0.0.1'), url('localhost'), url('[::1]'), '{ with: simulated }'])
      await warned(sweep(deploy, '[localhost, load-1]'), message)
  })

  test('are fine with an address that they reach, and where they are this machine', async () => {
    await warned(sweep(url('10.0.0.1'), '[load-1]'))
    await warned(sweep(url('localhost.example'), '[load-1]'))
    await warned(sweep(url('127.0.0.1'), '[localhost, 127.0.0.1]'))
  })
})

describe('GPUs per worker', () => {
  test('are tensor × pipeline × context parallel size with TensorRT-LLM', async () => {
    assert.equal(
      await gpus(text('trtllm', '{ all: { tensor_parallel_size: 4, pipeline_parallel_size: 2 } }', aggregated)),
      8,
    )
    assert.equal(
      await gpus(text('trtllm', '{ all: { tensor_parallel_size: 4, enable_attention_dp: true } }', aggregated)),
      4,
    )
  })

  test('are multiplied by the data parallel size with vLLM', async () => {
    assert.equal(await gpus(text('vllm', '{ all: { tensor_parallel_size: 2, data_parallel_size: 4 } }', aggregated)), 8)
  })

  test('are those of the tensor ranks with SGLang’s DP attention, and multiplied without', async () => {
    assert.equal(
      await gpus(text('sglang', '{ all: { tp_size: 8, dp_size: 4, enable_dp_attention: true } }', aggregated)),
      8,
    )
    assert.equal(await gpus(text('sglang', '{ all: { tp_size: 2, dp_size: 4 } }', aggregated)), 8)
  })

  test('may be said by the arguments or an engine file', async () => {
    assert.equal(await gpus(text('vllm', '{}', { ...aggregated, args: '{ tensor-parallel-size: 2 }' })), 2)
    const source = text('trtllm', '{}', { ...aggregated, args: '{ extra-engine-args: ./engine.yaml }' })
    const sweep = await read(source, file('tensor_parallel_size: 8\n'))
    assert.equal(sweep.deployments[0]?.gpusPerWorker.aggregated, 8)
  })

  test('that the file says otherwise are refused at the setting', async () => {
    const deploy = '{ with: dynamo, backend: dynamo.trtllm, gpus_per_worker: 8 }'
    await refused(
      text('trtllm', '{ all: { tensor_parallel_size: 4 } }', { ...aggregated, deploy }),
      /^7:40: the parallel sizes of aggregated workers need 4 GPUs, but gpus_per_worker is 8; write gpus_per_worker: 4/,
    )
  })

  test('have to be whole', async () => {
    await refused(
      text('trtllm', '{ all: { tensor_parallel_size: four } }', aggregated),
      /^7:40: invalid parallel size "four"; /,
    )
  })
})

describe('experts and attention DP', () => {
  const cases: readonly [string, string, RegExp][] = [
    [
      'trtllm',
      '{ tensor_parallel_size: 4, moe_expert_parallel_size: 3 }',
      /^7:69: .*spread experts over 3 of 4 tensor parallel ranks; /,
    ],
    [
      'trtllm',
      '{ tensor_parallel_size: 8, moe_expert_parallel_size: 4, moe_tensor_parallel_size: 4 }',
      /^7:69: .*over 16 of 8/,
    ],
    [
      'trtllm',
      '{ tensor_parallel_size: 8, moe_config: { backend: WIDEEP } }',
      /^7:66: WideEP in aggregated workers needs attention DP/,
    ],
    [
      'sglang',
      '{ tp_size: 8, enable_dp_attention: true }',
      /^7:51: DP attention of aggregated workers has dp_size 1 and tp_size 8; /,
    ],
    ['sglang', '{ tp_size: 8, dp_size: 3, enable_dp_attention: true }', /has dp_size 3 and tp_size 8; /],
  ]
  for (const [backend, engine, pattern] of cases) {
    test(`${backend} ${engine}`, () => refused(text(backend, `{ all: ${engine} }`, aggregated), pattern))
  }

  test('WideEP with attention DP over all ranks is right', () =>
    warned(
      text(
        'trtllm',
        '{ all: { tensor_parallel_size: 32, moe_expert_parallel_size: 32, enable_attention_dp: true, moe_config: { backend: WIDEEP } } }',
        aggregated,
      ),
    ))

  test('attention DP over one GPU is warned of', () =>
    warned(
      text('trtllm', '{ all: { tensor_parallel_size: 1, enable_attention_dp: true } }', aggregated),
      /^s\.yaml:7:64: attention DP over one GPU has no effect/,
    ))
})

describe('the KV cache between prefill and decode', () => {
  test('has one dtype, whichever way each role spells it', async () => {
    const engine = (prefill: string, decode: string) =>
      `{ all: { ${sound} }, prefill: { ${prefill} }, decode: { ${decode} } }`
    await refused(
      text('trtllm', engine('kv_cache_dtype: fp8', 'kv_cache_config: { dtype: auto }')),
      /^7:\d+: the KV cache dtype is "fp8" in prefill and "auto" in decode workers; write the same value for both/,
    )
    await warned(text('trtllm', engine('kv_cache_dtype: fp8', 'kv_cache_config: { dtype: fp8 }')))
  })

  test('is compared across an engine file, which is named with its line', async () => {
    const deploy =
      '{ with: dynamo, backend: dynamo.trtllm, role_args: { decode: { extra-engine-args: ./engine.yaml } } }'
    await refused(
      text('trtllm', `{ prefill: { kv_cache_dtype: fp8, ${sound} } }`, { deploy }),
      /^\/sweeps\/engine\.yaml:4:10: the KV cache dtype is "fp8" in prefill and "auto" in decode workers; /,
      file('cache_transceiver_config:\n  backend: DEFAULT\nkv_cache_config:\n  dtype: auto\n'),
    )
  })

  test('needs a transceiver with TensorRT-LLM', async () => {
    const found = await problems(text('trtllm', '{ prefill: { max_batch_size: 1 }, decode: { max_batch_size: 8 } }'))
    assert.match(
      found[0] ?? '',
      /^7:20: prefill workers have no cache_transceiver_config\.backend, so TensorRT-LLM cannot transfer/,
    )
    assert.match(found[1] ?? '', /^7:\d+: decode workers have no cache_transceiver_config/)
  })

  test('is warned of when blocks or speculation differ', () =>
    warned(
      text(
        'trtllm',
        `{ all: { ${sound} }, decode: { kv_cache_config: { tokens_per_block: 64 }, speculative_config: { decoding_type: MTP, num_nextn_predict_layers: 1 } } }`,
      ),
      /decode workers decode speculatively, but the prompts of .* are random words/,
      /the KV cache block size is not set in prefill and 64 in decode workers/,
      /speculative_config is not set in prefill and .*MTP/,
    ))
})

describe('lengths', () => {
  test('above max_seq_len are refused at the workload', async () => {
    await refused(
      text('vllm', '{ decode: { max_model_len: 8255 } }'),
      /^5:13: 8000\/256 needs 8256 tokens per sequence, but max_seq_len of decode workers is 8255; raise/,
    )
  })

  test('of a prefill worker are the prompt and its first token', async () => {
    await refused(
      text('vllm', '{ prefill: { max_model_len: 8000 } }'),
      /needs 8001 tokens per sequence, but max_seq_len of prefill workers/,
    )
    await warned(text('vllm', '{ prefill: { max_model_len: 8001 } }'))
  })

  test('above max_num_tokens need chunked prefill with TensorRT-LLM', async () => {
    const engine = (more: string) => `{ all: { ${sound} }, prefill: { max_num_tokens: 4096${more} } }`
    await refused(
      text('trtllm', engine('')),
      /^5:13: prompts of 8000\/256 have 8000 tokens, but max_num_tokens of prefill workers is 4096/,
    )
    await warned(text('trtllm', engine(', enable_chunked_prefill: true')))
  })

  test('of a distribution count at their long end', async () => {
    const workloads = '[{ isl: { uniform: { min: 10, max: 90 } }, osl: { mean: 10, stddev: 5 } }]'
    await refused(text('vllm', '{ decode: { max_model_len: 109 } }', { workloads }), /needs 110 tokens per sequence/)
  })
})

describe('batches', () => {
  test('below the concurrency are warned of, with the room that there is', () =>
    warned(
      text('vllm', '{ decode: { max_num_seqs: 8 } }', { topologies: '1P2D', load: '{ concurrency: [1, 64] }' }),
      /^s\.yaml:7:35: concurrency 64 is above the 16 sequences that 2 decode workers can process at once, so requests queue; raise the batch size to 32/,
    ))

  test('count for each rank under TensorRT-LLM’s attention DP', () =>
    warned(
      text('trtllm', '{ all: { tensor_parallel_size: 4, enable_attention_dp: true, max_batch_size: 1 } }', aggregated),
    ))

  test('above their token budget are warned of, draft tokens counted', () =>
    warned(
      text(
        'trtllm',
        '{ all: { max_batch_size: 8, max_num_tokens: 15, speculative_config: { decoding_type: MTP, num_nextn_predict_layers: 1 } } }',
        aggregated,
      ),
      /aggregated workers decode speculatively, but the prompts of .* are random words/,
      /max_num_tokens 15 of aggregated workers is below max_batch_size 8 × 2 tokens per step/,
    ))
})

test('a memory share above one is refused', () =>
  refused(
    text('sglang', '{ all: { mem_fraction_static: 85 } }', aggregated),
    /^7:39: invalid memory share 85 of aggregated workers; /,
  ))

test('an engine file that is no YAML is named with its line', () =>
  refused(
    text('trtllm', '{}', { ...aggregated, args: '{ extra-engine-args: ./engine.yaml }' }),
    /^\/sweeps\/engine\.yaml:3:\d+: invalid YAML/,
    file('a: 1\nb: [1\n'),
  ))

test('the guide’s disaggregated configuration is right as it is', () =>
  warned(
    text(
      'trtllm',
      `{ all: { tensor_parallel_size: 4, moe_expert_parallel_size: 4, kv_cache_dtype: fp8, ${sound} },
         prefill: { max_batch_size: 1, max_num_tokens: 8192, enable_attention_dp: true, free_gpu_memory_fraction: 0.75 },
         decode: { max_batch_size: 256, max_num_tokens: 256, max_seq_len: 8448, enable_attention_dp: false, free_gpu_memory_fraction: 0.80 } }`,
    ),
  ))
