import { defineEngine, type MultinodeLaunch } from '../define-engine.ts'
import { isOn, numberOf } from '../role-settings.ts'
import { nestTrtllm, trtllmFields, unknownTrtllmFields } from './fields.ts'
import { trtllmLogAdvice } from './log-advice.ts'
import { checkAttentionDp, checkOverlap, checkSpeculation, checkTokenBudget, checkTransceiver } from './rules.ts'
import { testedTrtllm } from './tested.ts'

const torchDtypes = ['float16', 'bfloat16', 'float32', 'float8_e4m3fn', 'int8', 'half', 'float']

/**
 * The launcher reads rank and size from MPI's or Slurm's variables. Rank 0 runs the worker, and the others serve it.
 */
const trtllmMultinode: MultinodeLaunch = {
  ranks: () => ({ registers: 1 }),
  mpiProgram: 'trtllm-llmapi-launch',
}

/** TensorRT-LLM's default for `max_num_tokens`. */
const defaultTokens = 8192

/** TensorRT-LLM as a Dynamo worker, configured by a YAML file. */
export const trtllm = defineEngine({
  name: 'trtllm',
  title: 'TensorRT-LLM',
  about: 'The fields of `TorchLlmArgs`, the PyTorch backend’s settings; main at 0004396 of 2026.',
  tested: testedTrtllm,
  module: 'dynamo.trtllm',
  settings: {
    kind: 'file',
    // Two nested fields are also known by the names that Dynamo's guide gives them.
    known: new Set([...trtllmFields, 'free_gpu_memory_fraction', 'kv_cache_dtype']),
    argument: 'extra-engine-args',
    overrides: 'override-engine-args',
    flags: 'trtllm.',
    nest: nestTrtllm,
    unknownFields: unknownTrtllmFields,
  },
  initial: {
    all: { enable_chunked_prefill: true },
    prefill: { cache_transceiver_config: { backend: 'DEFAULT' }, disable_overlap_scheduler: true },
    decode: { cache_transceiver_config: { backend: 'DEFAULT' } },
  },
  spellings: {
    tensorParallel: ['tensor_parallel_size'],
    pipelineParallel: ['pipeline_parallel_size'],
    contextParallel: ['context_parallel_size'],
    expertParallel: ['moe_expert_parallel_size', 'expert_parallel_size'],
    moeTensorParallel: ['moe_tensor_parallel_size'],
    moeClusterParallel: ['moe_cluster_parallel_size'],
    moeBackend: ['moe_config.backend', 'pytorch_backend_config.moe_backend'],
    moeSlots: ['moe_config.load_balancer.num_slots'],
    attentionDp: ['enable_attention_dp'],
    maxBatchSize: ['max_batch_size'],
    maxNumTokens: ['max_num_tokens'],
    maxSeqLen: ['max_seq_len'],
    chunkedPrefill: ['enable_chunked_prefill'],
    kvCacheDtype: ['kv_cache_dtype', 'kv_cache_config.dtype', 'pytorch_backend_config.kv_cache_dtype'],
    kvBlockTokens: ['kv_cache_config.tokens_per_block', 'tokens_per_block'],
    freeGpuMemory: ['free_gpu_memory_fraction', 'kv_cache_config.free_gpu_memory_fraction'],
    transceiverBackend: ['cache_transceiver_config.backend'],
    overlapOff: ['disable_overlap_scheduler'],
    speculation: ['speculative_config'],
    decodingType: ['speculative_config.decoding_type'],
    draftTokens: [
      'speculative_config.max_total_draft_tokens',
      'speculative_config.max_draft_len',
      'speculative_config.num_nextn_predict_layers',
      'speculative_config.num_speculative_tokens',
    ],
  },
  defaults: { tensorParallel: 1, kvBlockTokens: 32 },
  values: {
    kvCacheDtype: ['auto', 'fp8', 'fp8_ds_mla', 'nvfp4', ...torchDtypes],
    transceiverBackend: ['DEFAULT', 'UCX', 'NIXL', 'MOONCAKE', 'MPI'],
    moeBackend: [
      ...['AUTO', 'CUTLASS', 'CUTEDSL', 'TRTLLM', 'DEEPGEMM', 'DENSEGEMM', 'VANILLA', 'TRITON', 'MARLIN'],
      // WIDEEP is a backend of older versions.
      ...['MEGAMOE_DEEPGEMM', 'MEGAMOE_CUTEDSL', 'WIDEEP'],
    ],
  },
  // With attention DP, each tensor parallel rank has its own batch.
  batchesPerWorker: settings => (isOn(settings, 'attentionDp') ? (numberOf(settings, 'tensorParallel') ?? 1) : 1),
  // A prompt above max_num_tokens is rejected unless prefill is chunked, which is off by default.
  longestPrompt: (settings, { isComplete }) =>
    isOn(settings, 'chunkedPrefill')
      ? null
      : (numberOf(settings, 'maxNumTokens') ?? (isComplete ? defaultTokens : null)),
  rules: { role: [checkAttentionDp, checkTokenBudget], pair: [checkSpeculation, checkTransceiver, checkOverlap] },
  launch: {
    model: 'model-path',
    servedName: 'served-model-name',
    kvEvents: {
      arguments: ['publish-kv-events', 'publish-events-and-metrics'],
      remedy: 'add to args: publish-kv-events: true',
    },
    startsByMpi: true,
    multinode: trtllmMultinode,
  },
  logAdvice: trtllmLogAdvice,
  usageTellsPrefillCache: true,
  metrics: {
    // The second ones are those of `load_metrics` in Dynamo 0.3.1.
    running: ['num_requests_running', '^dynamo_load_metrics_request_active_slots$'],
    waiting: ['num_requests_waiting'],
    slots: ['^dynamo_load_metrics_request_total_slots$'],
    kvCacheUsage: ['kv_cache_usage_perc'],
    cacheFound: ['^trtllm[_:]prompt_cached_tokens_total$'],
    cacheLookedFor: ['^trtllm[_:]prompt_tokens_total$'],
    cacheHitRate: ['^trtllm[_:]kv_cache_hit_rate$', '^dynamo_load_metrics_gpu_prefix_cache_hit_rate$'],
    // From `tensorrt_llm/metrics/collector.py`, main at 050f80d of 2026: per step with enable_iter_perf_stats, per
    // position and finished request with return_perf_metrics. Version 1.1 has none of them.
    specDraftTokens: ['^trtllm[_:]spec_decode_num_draft_tokens_total$'],
    specAcceptedTokens: ['^trtllm[_:]spec_decode_num_accepted_tokens_total$'],
    specDraftedAt: ['^trtllm[_:]spec_decode_drafted_tokens_total$'],
    specAcceptedAt: ['^trtllm[_:]spec_decode_accepted_tokens_total$'],
    specAcceptedLength: ['^trtllm[_:]spec_decode_acceptance_length$'],
    shownBy: 'start TensorRT-LLM workers with --publish-metrics (Dynamo 1.4: --publish-kv-events)',
  },
})
