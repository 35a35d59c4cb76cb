import { defineEngine } from '../define-engine.ts'
import { notImportable } from '../engine-not-importable.ts'
import { checkRankSettings } from '../rank-settings.ts'
import { isOn, numberOf, productOf } from '../role-settings.ts'
import { checkChunks, checkDpAttention, checkExpertSpread, checkLayers, checkPipeline } from './rules.ts'
import { sglangSettings } from './settings.ts'
import { testedSglang } from './tested.ts'

/** SGLang as a Dynamo worker, configured by command-line arguments. */
export const sglang = defineEngine({
  name: 'sglang',
  title: 'SGLang',
  about: `The performance arguments of \`ServerArgs\`, SGLang ${testedSglang.settings.from} (which ai-dynamo 1.4.2 asks for) to ${testedSglang.settings.to}.`,
  tested: testedSglang,
  module: 'dynamo.sglang',
  settings: { kind: 'arguments', off: 'absent', known: sglangSettings },
  spellings: {
    tensorParallel: ['tensor_parallel_size', 'tp_size', 'tp'],
    pipelineParallel: ['pipeline_parallel_size', 'pp_size', 'pp'],
    decodeContextParallel: ['decode_context_parallel_size', 'dcp_size'],
    dataParallel: ['data_parallel_size', 'dp_size', 'dp'],
    expertParallel: ['ep_size', 'ep', 'expert_parallel_size'],
    allToAll: ['moe_a2a_backend'],
    expertsBalanced: ['enable_eplb'],
    denseTensorParallel: ['moe_dense_tp_size'],
    dpHead: ['enable_dp_lm_head'],
    attentionDp: ['enable_dp_attention'],
    maxBatchSize: ['max_running_requests'],
    maxSeqLen: ['context_length'],
    chunkTokens: ['chunked_prefill_size'],
    kvCacheDtype: ['kv_cache_dtype'],
    kvBlockTokens: ['page_size'],
    freeGpuMemory: ['mem_fraction_static'],
    speculativeAlgorithm: ['speculative_algorithm'],
    rankCount: ['nnodes'],
    rankNumber: ['node_rank'],
    rankAddress: ['dist_init_addr'],
  },
  values: {
    kvCacheDtype: [
      ...['auto', 'fp8_e5m2', 'fp8_e4m3', 'mxfp8', 'bf16', 'bfloat16', 'nvfp4', 'fp4_mx_block16', 'fp4_e2m1'],
    ],
    allToAll: ['none', 'deepep', 'mooncake', 'nixl', 'mori', 'ascend_fuseep', 'flashinfer', 'megamoe', 'ascend_tp'],
  },
  // TP × PP × DP. With DP attention, the data parallel ranks are tensor parallel ranks. Ranks share
  // max_running_requests.
  gpusPerWorker: settings => {
    const stages = productOf(settings, ['tensorParallel', 'pipelineParallel'])
    const data = numberOf(settings, 'dataParallel')
    return data === null ? stages : (stages ?? 1) * (isOn(settings, 'attentionDp') ? 1 : data)
  },
  // SGLang truncates the output at two tokens below its context length, and rejects prompts within six of it
  // (`tp_worker.py`).
  sequenceTokens: (isl, osl) => Math.max(isl + osl + 2, isl + 7),
  rules: { role: [checkDpAttention, checkLayers, checkExpertSpread, checkPipeline, checkChunks, checkRankSettings] },
  launch: {
    model: 'model-path',
    servedName: 'served-model-name',
    // By default, Dynamo's worker publishes no events, so a KV router that waits for them knows nothing of its cache.
    kvEvents: {
      arguments: ['kv-events-config'],
      remedy: `add to args: kv-events-config: ${JSON.stringify({ publisher: 'zmq', endpoint: 'tcp://127.0.0.1:{port}', topic: 'kv-events' })}`,
    },
    loggingFile: true,
    multinode: {
      // Only the first node serves requests. The others run their share of the model.
      ranks: (_, { nodes }) => ({
        registers: 1,
        argumentsOf: ({ rank, head }) => ({
          nnodes: nodes,
          'node-rank': rank,
          'dist-init-addr': `${head.address}:${head.port}`,
        }),
      }),
    },
  },
  logAdvice: [
    notImportable('sglang', 'sglang'),
    {
      pattern: /Not enough memory\. Please try to increase --mem-fraction-static/i,
      code: 'kv-cache-too-small',
      kind: 'failed',
      remedy:
        'The weights leave too little memory for one sequence: raise mem_fraction_static, lower context_length, or use more GPUs per worker.',
      retryable: false,
    },
  ],
  metrics: {
    running: ['num_running_reqs'],
    waiting: ['num_queue_reqs'],
    kvCacheUsage: ['token_usage'],
    cacheFound: ['^sglang:cached_tokens_total$'],
    cacheLookedFor: ['^sglang:prompt_tokens_total$'],
    specAcceptedLength: ['^sglang:spec_accept_length$'],
    specAcceptanceRate: ['^sglang:spec_accept_rate$'],
  },
})
