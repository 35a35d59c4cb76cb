import type { EngineSettings, Json, Role } from '../../point/index.ts'
import type { RawDeploy } from '../schema/deploy.ts'

/**
 * How the engines spell what the checks ask for: TensorRT-LLM's YAML (nested keys with a dot), then vLLM's and SGLang's arguments,
 * `-` and `_` alike. Sources: TensorRT-LLM's `TorchLlmArgs`, `vllm serve --help`, SGLang's `server_args.py`.
 */
const spellings = {
  tensorParallel: ['tensor_parallel_size', 'tp_size', 'tp'],
  pipelineParallel: ['pipeline_parallel_size', 'pp_size', 'pp'],
  expertParallel: ['moe_expert_parallel_size', 'ep_size', 'expert_parallel_size'],
  maxSeqLen: ['max_seq_len', 'max_model_len', 'context_length'],
  maxBatchSize: ['max_batch_size', 'max_num_seqs', 'max_running_requests'],
  maxNumTokens: ['max_num_tokens', 'max_num_batched_tokens', 'chunked_prefill_size'],
  kvCacheDtype: [
    'kv_cache_dtype',
    'kv_cache_config.dtype',
    'kv_cache_config.kv_cache_dtype',
    'pytorch_backend_config.kv_cache_dtype',
  ],
  freeGpuMemory: [
    'free_gpu_memory_fraction',
    'kv_cache_config.free_gpu_memory_fraction',
    'gpu_memory_utilization',
    'mem_fraction_static',
  ],
  attentionDp: ['enable_attention_dp', 'enable_dp_attention'],
} as const satisfies { readonly [meaning: string]: readonly string[] }

export type Meaning = keyof typeof spellings

type Settings = { readonly [key: string]: Json }

/** A setting in whichever spelling a map has it, and that spelling. */
export function findSetting(
  meaning: Meaning,
  settings: Settings,
): { readonly key: string; readonly value: Json } | null {
  for (const spelling of spellings[meaning]) {
    const [head = '', ...rest] = spelling.split('.')
    const key = Object.keys(settings).find(name => name.replaceAll('-', '_') === head)
    if (key === undefined) continue
    let value: Json | undefined = settings[key]
    for (const step of rest) value = isMap(value) ? value[step] : undefined
    if (value !== undefined) return { key, value }
  }
  return null
}

/** What a role's workers get for a setting: the engine section wins over the deployer's arguments of the role, those over arguments of all. */
export function engineSetting(
  meaning: Meaning,
  deploy: RawDeploy,
  role: Role,
  settings: EngineSettings,
): Json | undefined {
  const args = deploy.with === 'dynamo' ? [deploy.role_args[role] ?? {}, deploy.args] : []
  for (const source of [settings, ...args]) {
    const found = findSetting(meaning, source as Settings)
    if (found !== null) return found.value
  }
  return undefined
}

function isMap(value: Json | undefined): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
