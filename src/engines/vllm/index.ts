import { defineEngine } from '../define-engine.ts'
import { notImportable } from '../engine-not-importable.ts'
import { checkRankSettings } from '../rank-settings.ts'
import { numberOf, productOf } from '../role-settings.ts'
import { vllmLogAdvice } from './log-advice.ts'
import { vllmMultinode } from './multinode.ts'
import { checkContextRanks, checkExpertBalancing, checkRay, checkTokenBudget } from './rules.ts'
import { vllmSettings } from './settings.ts'
import { testedVllm } from './tested.ts'

/** vLLM as a Dynamo worker, configured by command-line arguments. */
export const vllm = defineEngine({
  name: 'vllm',
  title: 'vLLM',
  about: `The performance arguments of \`EngineArgs\`, vLLM ${testedVllm.settings.from} (which ai-dynamo 1.4.2 asks for) to ${testedVllm.settings.to}.`,
  tested: testedVllm,
  module: 'dynamo.vllm',
  settings: { kind: 'arguments', off: 'no-flag', known: vllmSettings },
  spellings: {
    tensorParallel: ['tensor_parallel_size', 'tp'],
    pipelineParallel: ['pipeline_parallel_size', 'pp'],
    prefillContextParallel: ['prefill_context_parallel_size'],
    decodeContextParallel: ['decode_context_parallel_size'],
    dataParallel: ['data_parallel_size', 'dp'],
    dataParallelHere: ['data_parallel_size_local'],
    expertsBalanced: ['enable_eplb'],
    expertsParallel: ['enable_expert_parallel'],
    maxBatchSize: ['max_num_seqs'],
    maxNumTokens: ['max_num_batched_tokens'],
    maxSeqLen: ['max_model_len'],
    chunkedPrefill: ['enable_chunked_prefill'],
    kvCacheDtype: ['kv_cache_dtype'],
    kvBlockTokens: ['block_size'],
    freeGpuMemory: ['gpu_memory_utilization'],
    speculation: ['speculative_config'],
    draftTokens: ['speculative_config.num_speculative_tokens'],
    rankCount: ['nnodes'],
    rankNumber: ['node_rank'],
    rankAddress: ['master_addr'],
    rankPort: ['master_port'],
    executor: ['distributed_executor_backend'],
  },
  values: {
    kvCacheDtype: [
      ...['auto', 'float16', 'bfloat16', 'fp8', 'fp8_e4m3', 'fp8_e5m2', 'fp8_inc', 'fp8_ds_mla', 'nvfp4'],
      ...['turboquant_k8v4', 'turboquant_4bit_nc', 'turboquant_k3v4_nc', 'turboquant_3bit_nc'],
      ...['int4_per_token_head', 'int8_per_token_head', 'fp8_per_token_head'],
    ],
  },
  // TP × PP × prefill CP × the data parallel ranks that this worker runs.
  gpusPerWorker: settings =>
    productOf(settings, [
      ...(['tensorParallel', 'pipelineParallel', 'prefillContextParallel'] as const),
      numberOf(settings, 'dataParallelHere') === null ? 'dataParallel' : 'dataParallelHere',
    ]),
  // Each data parallel rank has its own batch.
  batchesPerWorker: settings => numberOf(settings, 'dataParallel') ?? 1,
  rules: { role: [checkContextRanks, checkExpertBalancing, checkRankSettings, checkRay, checkTokenBudget] },
  launch: {
    model: 'model',
    servedName: 'served-model-name',
    // vLLM has no default for the transfer of KV blocks. Its prefill worker does not start without a setting.
    disaggregated: { 'kv-transfer-config': { kv_connector: 'NixlConnector', kv_role: 'kv_both' } },
    // By default, NIXL offers the cache at the machine's outward address and on one fixed port, so that a second worker
    // on the machine would fail.
    sideChannel: { host: 'VLLM_NIXL_SIDE_CHANNEL_HOST', port: 'VLLM_NIXL_SIDE_CHANNEL_PORT' },
    // By default, Dynamo's worker publishes no events, so a KV router that waits for them knows nothing of its cache.
    kvEvents: {
      arguments: ['kv-events-config'],
      remedy: `add to args: kv-events-config: ${JSON.stringify({ publisher: 'zmq', endpoint: 'tcp://127.0.0.1:{port}', topic: 'kv-events', enable_kv_cache_events: true })}`,
    },
    multinode: vllmMultinode,
  },
  logAdvice: [notImportable('vllm', 'vllm'), ...vllmLogAdvice],
  usageTellsPrefillCache: true,
  metrics: {
    running: ['num_requests_running'],
    waiting: ['num_requests_waiting'],
    kvCacheUsage: ['kv_cache_usage_perc', 'gpu_cache_usage_perc'],
    cacheFound: ['^vllm:(gpu_)?prefix_cache_hits(_total)?$'],
    cacheLookedFor: ['^vllm:(gpu_)?prefix_cache_queries(_total)?$'],
    specDrafts: ['^vllm:spec_decode_num_drafts(_total)?$'],
    specDraftTokens: ['^vllm:spec_decode_num_draft_tokens(_total)?$'],
    specAcceptedTokens: ['^vllm:spec_decode_num_accepted_tokens(_total)?$'],
    specAcceptedAt: ['^vllm:spec_decode_num_accepted_tokens_per_pos(_total)?$'],
  },
})
