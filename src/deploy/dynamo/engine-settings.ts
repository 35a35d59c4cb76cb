import type { EngineSettings, Json, Role } from '../../point/index.ts'
import type { Arguments } from './arguments.ts'

/** How a backend takes engine settings. */
export type EngineForm =
  /** Arguments of the worker; a switched-off flag is left out, or spelled `--no-…`. */
  | { readonly kind: 'arguments'; readonly off: 'absent' | 'no-flag'; readonly known: ReadonlySet<string> | null }
  /** One YAML file for the engine, given to the worker by an argument. */
  | { readonly kind: 'file'; readonly known: ReadonlySet<string> }

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** `python -m dynamo.mocker --help` of ai-dynamo 1.4.2. */
const mockerSettings = words(`
  max_num_seqs max_num_batched_tokens max_model_len num_gpu_blocks_override block_size enable_prefix_caching
  enable_chunked_prefill preemption_mode speedup_ratio decode_speedup_ratio data_parallel_size startup_time
  planner_profile_data engine_type sglang_schedule_policy sglang_page_size sglang_max_prefill_tokens
  sglang_chunked_prefill_size sglang_clip_max_new_tokens sglang_schedule_conservativeness kv_transfer_bandwidth
  kv_transfer_timing_mode kv_cache_dtype kv_bytes_per_token num_g2_blocks num_g3_blocks offload_batch_size
  free_gpu_memory_fraction gpu_memory_utilization mem_fraction_static aic_tp_size aic_moe_tp_size aic_moe_ep_size
  aic_attention_dp_size aic_nextn`)

/** Fields of TensorRT-LLM's `TorchLlmArgs` (it refuses others itself, after minutes), and two of its nested ones by their short names. */
const trtllmSettings = words(`
  tensor_parallel_size pipeline_parallel_size context_parallel_size moe_expert_parallel_size moe_tensor_parallel_size
  moe_cluster_parallel_size gpus_per_node enable_attention_dp enable_lm_head_tp_in_adp attention_dp_config max_batch_size
  max_num_tokens max_seq_len max_beam_width max_input_len kv_cache_config free_gpu_memory_fraction kv_cache_dtype
  cuda_graph_config moe_config speculative_config cache_transceiver_config scheduler_config disable_overlap_scheduler
  enable_chunked_prefill backend print_iter_log stream_interval num_postprocess_workers pytorch_backend_config
  build_config quant_config dtype load_format trust_remote_code torch_compile_config enable_autotuner attn_backend
  sampler_type enable_iter_perf_stats enable_iter_req_stats peft_cache_config lora_config sparse_attention_config
  allreduce_strategy nvfp4_gemm_config kv_connector_config batch_wait_timeout_ms batch_wait_timeout_iters
  batch_wait_max_tokens_ratio guided_decoding_backend enable_min_latency force_dynamic_quantization return_perf_metrics
  perf_metrics_max_requests orchestrator_type garbage_collection_gen0_threshold skip_tokenizer_init tokenizer_mode
  revision iter_stats_max_iterations request_stats_max_iterations enable_layerwise_nvtx_marker env_overrides`)

/** Performance arguments of `vllm serve`. */
const vllmSettings = words(`
  tensor_parallel_size pipeline_parallel_size data_parallel_size data_parallel_size_local data_parallel_rank
  data_parallel_address data_parallel_rpc_port data_parallel_hybrid_lb decode_context_parallel_size
  enable_expert_parallel all2all_backend enable_eplb eplb_config enable_dbo dbo_decode_token_threshold
  dbo_prefill_token_threshold max_model_len max_num_seqs max_num_batched_tokens gpu_memory_utilization
  kv_cache_memory_bytes kv_cache_dtype num_gpu_blocks_override block_size enable_prefix_caching enable_chunked_prefill
  max_num_partial_prefills max_long_partial_prefills long_prefill_token_threshold scheduling_policy async_scheduling
  speculative_config quantization dtype load_format enforce_eager compilation_config cudagraph_capture_sizes
  max_cudagraph_capture_size cuda_graph_sizes attention_backend kv_transfer_config disable_custom_all_reduce
  disable_cascade_attn distributed_executor_backend cpu_offload_gb swap_space seed trust_remote_code hf_overrides
  stream_interval`)

/** Performance arguments of SGLang's server. */
const sglangSettings = words(`
  tp tp_size tensor_parallel_size pp_size pipeline_parallel_size dp dp_size data_parallel_size ep ep_size
  expert_parallel_size enable_dp_attention enable_dp_lm_head moe_dense_tp_size moe_a2a_backend moe_runner_backend
  deepep_mode deepep_config ep_num_redundant_experts ep_dispatch_algorithm init_expert_location enable_eplb
  eplb_algorithm enable_two_batch_overlap enable_single_batch_overlap mem_fraction_static max_running_requests
  max_total_tokens chunked_prefill_size max_prefill_tokens context_length kv_cache_dtype page_size attention_backend
  prefill_attention_backend decode_attention_backend cuda_graph_max_bs cuda_graph_bs disable_cuda_graph
  disable_cuda_graph_padding disable_radix_cache enable_mixed_chunk schedule_policy schedule_conservativeness
  disable_overlap_schedule num_continuous_decode_steps speculative_algorithm speculative_num_steps
  speculative_eagle_topk speculative_num_draft_tokens speculative_draft_model_path quantization dtype load_format
  load_balance_method disaggregation_transfer_backend disaggregation_ib_device disaggregation_decode_tp
  disaggregation_decode_dp fp4_gemm_backend fp8_gemm_backend enable_torch_compile torch_compile_max_bs
  enable_flashinfer_allreduce_fusion stream_interval watchdog_timeout trust_remote_code nnodes node_rank dist_init_addr`)

/** TensorRT-LLM's words for what the mocker calls otherwise, so that one sweep file rehearses on the mocker. */
const mockerNames: { readonly [setting: string]: string } = {
  max_batch_size: 'max_num_seqs',
  max_num_tokens: 'max_num_batched_tokens',
  max_seq_len: 'max_model_len',
  num_gpu_blocks: 'num_gpu_blocks_override',
}

/** How a backend module takes engine settings; a module that Fulcrum does not know takes any, as arguments. */
export function engineFormOf(backend: string): EngineForm {
  switch (backend) {
    case 'dynamo.mocker':
      return { kind: 'arguments', off: 'no-flag', known: mockerSettings }
    case 'dynamo.trtllm':
      return { kind: 'file', known: trtllmSettings }
    case 'dynamo.vllm':
      return { kind: 'arguments', off: 'no-flag', known: vllmSettings }
    case 'dynamo.sglang':
      return { kind: 'arguments', off: 'absent', known: sglangSettings }
    default:
      return { kind: 'arguments', off: 'absent', known: null }
  }
}

/** What is wrong with a role's engine settings for a backend, a sentence each. */
export function checkEngineSettings(backend: string, role: Role, settings: EngineSettings): readonly string[] {
  const { known } = engineFormOf(backend)
  if (known === null) return []
  return Object.keys(settings).flatMap(setting => {
    const name = settingName(backend, setting)
    if (known.has(name)) return []
    const near = nearest(name, known)
    const hint = near === null ? '' : `; did you mean '${near}'?`
    return [`${backend} has no setting '${setting}' for ${role} workers that Fulcrum knows${hint}`]
  })
}

/** Settings as worker arguments, for a backend that takes them so. */
export function settingsAsArguments(backend: string, settings: EngineSettings): Arguments {
  const form = engineFormOf(backend)
  const entries = Object.entries(settings).map(([key, value]): readonly [string, Json] => {
    const name = settingName(backend, key)
    return value === false && form.kind === 'arguments' && form.off === 'no-flag' ? [`no_${name}`, true] : [name, value]
  })
  return Object.fromEntries(entries)
}

/** Settings as TensorRT-LLM's YAML nests them. */
export function settingsAsTrtllm(settings: EngineSettings): EngineSettings {
  const nested: { [setting: string]: Json } = {}
  const cache: { [setting: string]: Json } = {}
  for (const [key, value] of Object.entries(settings)) {
    const name = key.replaceAll('-', '_')
    if (name === 'free_gpu_memory_fraction') cache[name] = value
    else if (name === 'kv_cache_dtype') cache.dtype = value
    else nested[name] = value
  }
  if (Object.keys(cache).length === 0) return nested
  const given = nested.kv_cache_config
  const base = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {}
  return { ...nested, kv_cache_config: { ...base, ...cache } }
}

function settingName(backend: string, setting: string): string {
  const name = setting.replaceAll('-', '_')
  return backend === 'dynamo.mocker' ? (mockerNames[name] ?? name) : name
}

/** The known name at the smallest edit distance, if that is small enough to be a slip. */
function nearest(name: string, known: ReadonlySet<string>): string | null {
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of known) {
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
