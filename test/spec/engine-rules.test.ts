import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { filesOf, problems, read, sweepText } from './sweep-text.ts'

/**
 * Rules that were read from the engines' sources: docs/reference/engine-checks.md says of which versions. Line 3 is
 * deploy, 5 workloads, 7 engine.
 */
function text(backend: string, engine: string, args = '', workloads = '[9/9]'): string {
  const deploy = `{ with: dynamo, backend: dynamo.${backend}${args === '' ? '' : `, args: { ${args} }`} }`
  return sweepText({
    deploy,
    topologies: 'agg x1',
    workloads,
    load: '{ concurrency: 4 }',
    engine: `{ all: { ${engine} } }`,
  })
}

const file = (content: string) => filesOf({ '/sweeps/engine.yaml': content })
const withFile = (backend: string, more = '') => text(backend, '', `extra-engine-args: ./engine.yaml${more}`)

async function refused(source: string, pattern: RegExp, files = filesOf({})): Promise<void> {
  const found = await problems(source, files)
  assert.match(found[0] ?? 'no problem', pattern)
  assert.equal(found.length, 1, found.join('\n'))
}
const accepted = async (source: string, files = filesOf({})) => assert.deepEqual(await problems(source, files), [])

describe('an engine file of TensorRT-LLM', () => {
  const cases: readonly [what: string, content: string, pattern: RegExp][] = [
    [
      'with a misspelled key is refused at the key',
      'tensor_parallel_size: 4\nmax_batchsize: 8\n',
      /^\/sweeps\/engine\.yaml:2:1: unknown setting 'max_batchsize': TensorRT-LLM would reject the whole configuration; did you mean 'max_batch_size'\?/,
    ],
    [
      'with a misspelled key of a section is refused there',
      'kv_cache_config:\n  free_gpu_mem_fraction: 0.8\n',
      /engine\.yaml:2:3: unknown setting 'free_gpu_mem_fraction' in kv_cache_config.*did you mean 'free_gpu_memory_fraction'\?/,
    ],
    [
      'with a section’s key at the top is told where it belongs',
      'free_gpu_memory_fraction: 0.8\n',
      /engine\.yaml:1:1: .*write it as kv_cache_config\.free_gpu_memory_fraction/,
    ],
    [
      'as it was for Dynamo 0.3 is told where its section went',
      'pytorch_backend_config:\n  use_cuda_graph: true\n',
      /engine\.yaml:1:1: unknown setting 'pytorch_backend_config'.*write it as top-level settings: cuda_graph_config/,
    ],
  ]
  for (const [what, content, pattern] of cases) {
    test(what, () => refused(withFile('trtllm'), pattern, file(content)))
  }

  test('of a real recipe is taken whole', () =>
    accepted(
      withFile('trtllm'),
      file(`
backend: pytorch
tensor_parallel_size: 4
moe_expert_parallel_size: 4
enable_attention_dp: true
max_batch_size: 256
max_num_tokens: 8448
trust_remote_code: true
kv_cache_config: { enable_block_reuse: false, free_gpu_memory_fraction: 0.75, dtype: fp8 }
moe_config: { backend: CUTEDSL, load_balancer: { num_slots: 288, layer_updates_per_iter: 1 } }
cuda_graph_config: { enable_padding: true, batch_sizes: [1, 2, 4] }
attention_dp_config: { enable_balance: true, batching_wait_iters: 50, timeout_iters: 1 }
cache_transceiver_config: { backend: UCX, max_tokens_in_buffer: 8448 }
speculative_config: { decoding_type: MTP, num_nextn_predict_layers: 3 }
print_iter_log: true
stream_interval: 10
`),
    ))

  test('wins over the worker’s own arguments, as Dynamo lays it over them', async () => {
    const sweep = await read(withFile('trtllm', ', tensor-parallel-size: 2'), file('tensor_parallel_size: 8\n'))
    assert.equal(sweep.deployments[0]?.gpusPerWorker.aggregated, 8)
  })

  test('yields to --override-engine-args and to Dynamo’s dotted flags', async () => {
    for (const more of [`, override-engine-args: '{"tensor_parallel_size": 2}'`, ', trtllm.tensor_parallel_size: 2']) {
      const sweep = await read(withFile('trtllm', more), file('tensor_parallel_size: 8\n'))
      assert.equal(sweep.deployments[0]?.gpusPerWorker.aggregated, 2)
    }
  })
})

test('arguments that would undo the engine section are refused', async () => {
  const engine = 'tensor_parallel_size: 4'
  await refused(
    text('trtllm', engine, "override-engine-args: '{}'"),
    /^3:\d+: override-engine-args would override the engine section/,
  )
  await refused(
    text('trtllm', engine, 'trtllm.max_batch_size: 8'),
    /^3:\d+: trtllm\.max_batch_size would override the engine section/,
  )
})

describe('settings that an engine would refuse', () => {
  const cases: readonly [backend: string, engine: string, pattern: RegExp][] = [
    [
      'trtllm',
      'moe_config: { backend: CUTLAS }',
      /invalid value 'CUTLAS' for TensorRT-LLM in aggregated workers; did you mean 'CUTLASS'\?/,
    ],
    ['trtllm', 'kv_cache_config: { dtyp: fp8 }', /unknown setting 'dtyp' in kv_cache_config.*did you mean 'dtype'\?/],
    [
      'trtllm',
      'kv_cache_dtype: fp9',
      /invalid value 'fp9' for TensorRT-LLM in aggregated workers; did you mean 'fp8'\?/,
    ],
    [
      'vllm',
      'kv_cache_dtype: fp8_e4m4',
      /invalid value 'fp8_e4m4' for vLLM in aggregated workers; did you mean 'fp8_e4m3'\?/,
    ],
    ['vllm', 'swap_space: 4', /unknown setting 'swap_space' for aggregated workers of dynamo\.vllm/],
    [
      'sglang',
      'disaggregation_decode_tp: 4',
      /unknown setting 'disaggregation_decode_tp' for aggregated workers of dynamo\.sglang; correct or remove it/,
    ],
    [
      'trtllm',
      'tensor_parallel_size: 8, moe_expert_parallel_size: 8, moe_config: { load_balancer: { num_slots: 260 } }',
      /260 expert slots of aggregated workers cannot be distributed evenly over 8 expert parallel ranks; write a multiple of 8/,
    ],
    ['trtllm', 'moe_expert_parallel_size: 4', /spread experts over 4 of 1 tensor parallel ranks/],
    [
      'vllm',
      'tensor_parallel_size: 4, decode_context_parallel_size: 3',
      /3 decode context ranks, 4 tensor and 1 prefill context ranks; write a number that divides 4/,
    ],
    ['vllm', 'max_num_batched_tokens: 64, max_num_seqs: 128', /max_num_batched_tokens 64 .* below max_num_seqs 128/],
    [
      'vllm',
      'max_num_batched_tokens: 2048, max_model_len: 4096, enable_chunked_prefill: false',
      /below max_model_len 4096, and prefill is not chunked/,
    ],
    ['sglang', 'tp_size: 8, moe_dense_tp_size: 2', /moe_dense_tp_size of aggregated workers is 2; write 1 or 8/],
    ['sglang', 'tp_size: 8, enable_dp_lm_head: true', /enable_dp_lm_head of aggregated workers needs DP attention/],
    [
      'sglang',
      'tp_size: 8, dp_size: 4, enable_dp_attention: true, moe_a2a_backend: flashinfer',
      /moe_a2a_backend flashinfer of aggregated workers needs DP attention over all 8 tensor ranks/,
    ],
    [
      'vllm',
      'enable_eplb: true',
      /enable_eplb of aggregated workers needs expert parallelism; write enable_expert_parallel: true/,
    ],
    ['sglang', 'enable_eplb: true', /enable_eplb of aggregated workers has one expert parallel rank/],
    ['sglang', 'pp_size: 2, speculative_algorithm: EAGLE', /pipeline stages and speculative decoding/],
    [
      'sglang',
      'chunked_prefill_size: 1000, page_size: 64',
      /chunked_prefill_size 1000 .* is not a multiple of page_size 64/,
    ],
    [
      'sglang',
      'moe_a2a_backend: deepp',
      /invalid value 'deepp' for SGLang in aggregated workers; did you mean 'deepep'\?/,
    ],
  ]
  for (const [backend, engine, pattern] of cases) {
    test(`${backend}: ${engine}`, () => refused(text(backend, engine), pattern))
  }
})

test('vLLM’s GPUs are those of its prefill context ranks, and of the data parallel ranks that run here', async () => {
  const gpus = async (engine: string) => (await read(text('vllm', engine))).deployments[0]?.gpusPerWorker.aggregated
  assert.equal(await gpus('tensor_parallel_size: 2, prefill_context_parallel_size: 2'), 4)
  assert.equal(await gpus('tensor_parallel_size: 2, data_parallel_size: 8, data_parallel_size_local: 4'), 8)
})

test('SGLang’s all-to-all backends set the expert parallel size themselves, which is told', async () => {
  const { warnings } = await read(text('sglang', 'tp_size: 8, ep_size: 4, moe_a2a_backend: deepep'))
  assert.match(warnings[0] ?? '', /with moe_a2a_backend deepep, SGLang sets the expert parallel size to 8/)
})

describe('lengths', () => {
  const source = (backend: string, engine: string, workload: string) => text(backend, engine, '', `[${workload}]`)

  test('with SGLang need two tokens more than prompt and output, and seven more than the prompt', async () => {
    await refused(source('sglang', 'context_length: 1101', '1000/100'), /needs 1102 tokens per sequence/)
    await accepted(source('sglang', 'context_length: 1102', '1000/100'))
    await refused(source('sglang', 'context_length: 1006', '1000/1'), /needs 1007 tokens per sequence/)
  })

  test('need no room for draft tokens with TensorRT-LLM and vLLM, which see to that themselves', async () => {
    const mtp = 'speculative_config: { decoding_type: MTP, num_nextn_predict_layers: 3 }'
    await accepted(source('trtllm', `max_seq_len: 1100, ${mtp}`, '1000/100'))
    await accepted(source('vllm', 'max_model_len: 1100, speculative_config: { num_speculative_tokens: 3 }', '1000/100'))
  })

  test('of prompts above TensorRT-LLM’s 8192 tokens a step are refused when nobody says otherwise', async () => {
    const limit = /have 8193 tokens, but max_num_tokens of aggregated workers is 8192, without chunked prefill/
    await refused(source('trtllm', '', '8193/1'), limit)
    await accepted(source('trtllm', 'max_num_tokens: 16384', '8193/1'))
    await accepted(source('trtllm', 'enable_chunked_prefill: true', '8193/1'))
  })
})

test('a cache dtype or block size that is the engine’s own default agrees with one that nobody says', async () => {
  const sound = 'cache_transceiver_config: { backend: DEFAULT }, disable_overlap_scheduler: true'
  const source = sweepText({
    deploy: '{ with: dynamo, backend: dynamo.trtllm }',
    topologies: '1P1D',
    engine: `{ all: { ${sound} }, decode: { kv_cache_config: { dtype: auto, tokens_per_block: 32 } } }`,
  })
  assert.deepEqual((await read(source)).warnings, [])
})

test('each of vLLM’s data parallel ranks has a batch of its own', async () => {
  const { warnings } = await read(text('vllm', 'tensor_parallel_size: 1, data_parallel_size: 4, max_num_seqs: 1'))
  assert.deepEqual(warnings, [])
})
