import type { Json } from '../../model/index.ts'

/**
 * How the engines spell what the checks ask for: TensorRT-LLM's YAML first (nested keys with a dot), then vLLM's and SGLang's
 * arguments; `-` and `_` alike. Sources: TensorRT-LLM's `TorchLlmArgs`, vLLM's `EngineArgs`, SGLang's `ServerArgs`.
 */
const spellings = {
  tensorParallel: ['tensor_parallel_size', 'tp_size', 'tp'],
  pipelineParallel: ['pipeline_parallel_size', 'pp_size', 'pp'],
  contextParallel: ['context_parallel_size'],
  prefillContextParallel: ['prefill_context_parallel_size'],
  decodeContextParallel: ['decode_context_parallel_size', 'dcp_size'],
  dataParallel: ['data_parallel_size', 'dp_size', 'dp'],
  dataParallelHere: ['data_parallel_size_local'],
  expertParallel: ['moe_expert_parallel_size', 'ep_size', 'ep', 'expert_parallel_size'],
  moeTensorParallel: ['moe_tensor_parallel_size'],
  moeClusterParallel: ['moe_cluster_parallel_size'],
  moeBackend: ['moe_config.backend', 'pytorch_backend_config.moe_backend'],
  moeSlots: ['moe_config.load_balancer.num_slots'],
  allToAll: ['moe_a2a_backend'],
  expertsBalanced: ['enable_eplb'],
  expertsParallel: ['enable_expert_parallel'],
  denseTensorParallel: ['moe_dense_tp_size'],
  dpHead: ['enable_dp_lm_head'],
  attentionDp: ['enable_attention_dp', 'enable_dp_attention'],
  maxBatchSize: ['max_batch_size', 'max_num_seqs', 'max_running_requests'],
  maxNumTokens: ['max_num_tokens', 'max_num_batched_tokens'],
  maxSeqLen: ['max_seq_len', 'max_model_len', 'context_length'],
  chunkedPrefill: ['enable_chunked_prefill'],
  chunkTokens: ['chunked_prefill_size'],
  kvCacheDtype: ['kv_cache_dtype', 'kv_cache_config.dtype', 'pytorch_backend_config.kv_cache_dtype'],
  kvBlockTokens: ['kv_cache_config.tokens_per_block', 'tokens_per_block', 'block_size', 'page_size'],
  freeGpuMemory: [
    'free_gpu_memory_fraction',
    'kv_cache_config.free_gpu_memory_fraction',
    'gpu_memory_utilization',
    'mem_fraction_static',
  ],
  transceiverBackend: ['cache_transceiver_config.backend'],
  overlapOff: ['disable_overlap_scheduler'],
  speculation: ['speculative_config'],
  speculativeAlgorithm: ['speculative_algorithm'],
  decodingType: ['speculative_config.decoding_type'],
  draftTokens: [
    'speculative_config.max_total_draft_tokens',
    'speculative_config.max_draft_len',
    'speculative_config.num_nextn_predict_layers',
    'speculative_config.num_speculative_tokens',
  ],
} as const satisfies { readonly [meaning: string]: readonly string[] }

/** What a check asks for, whatever an engine calls it. */
export type Meaning = keyof typeof spellings

export type Settings = { readonly [key: string]: Json }

/** A setting in whichever spelling a map has it, with the keys that lead to it as they are written. */
export function findSetting(
  meaning: Meaning,
  settings: Settings,
): { readonly keys: readonly string[]; readonly value: Json } | null {
  for (const spelling of spellings[meaning]) {
    const whole = keyLike(settings, spelling)
    if (whole !== undefined) return { keys: [whole], value: settings[whole] as Json }
    const found = descend(settings, spelling.split('.'))
    if (found !== null) return found
  }
  return null
}

function descend(settings: Settings, steps: readonly string[]): { keys: readonly string[]; value: Json } | null {
  const keys: string[] = []
  let value: Json = settings
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const map = value as Settings
    const key = keyLike(map, step)
    if (key === undefined) return null
    keys.push(key)
    value = map[key] as Json
  }
  return { keys, value }
}

/** The key that is spelled so, with `-` for `_` or not; Dynamo's flags for TensorRT-LLM's fields begin with `trtllm.`. */
function keyLike(settings: Settings, spelling: string): string | undefined {
  return Object.keys(settings).find(
    key =>
      key
        .replaceAll('-', '_')
        .replace(/^_+/, '')
        .replace(/^trtllm\./, '') === spelling,
  )
}
