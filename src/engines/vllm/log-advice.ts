import type { KnownFailure } from '../known-failure.ts'

/** Failures of vLLM's workers. */
export const vllmLogAdvice: readonly KnownFailure[] = [
  {
    pattern:
      /No available memory for the cache blocks|larger than the available KV cache memory|is larger than the maximum number of tokens that can be stored in KV cache/i,
    code: 'kv-cache-too-small',
    kind: 'failed',
    remedy:
      'The weights leave too little memory for one sequence: raise gpu_memory_utilization, lower max_model_len, or use more GPUs per worker.',
    retryable: false,
  },
  {
    pattern: /No module named '?ray\b/,
    code: 'ray-not-importable',
    kind: 'environment',
    remedy: 'distributed_executor_backend: ray needs Ray in the same Python on every node: pip install ray.',
  },
  {
    pattern: /NIXL is not available|No module named '?nixl/i,
    code: 'nixl-not-importable',
    kind: 'environment',
    remedy:
      'vLLM transfers the KV cache between prefill and decode with NIXL. Install it for the same Python: pip install "nixl[cu13]" (or cu12).',
  },
]
