import type { EngineSettings, Json } from '../../model/index.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import type { UnknownField } from '../define-engine.ts'
import { words } from '../words.ts'

/** Sections with known fields. TensorRT-LLM rejects any other key in them. */
const sections: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'kv_cache_config',
    words(`
      enable_block_reuse max_tokens max_attention_window sink_token_length free_gpu_memory_fraction host_cache_size
      disk_cache_size disk_cache_path cross_kv_cache_fraction secondary_offload_min_priority event_buffer_max_size
      attention_dp_events_gather_period_ms kv_events_config enable_partial_reuse copy_on_partial_reuse use_uvm
      max_gpu_total_bytes iteration_stats_interval dtype mamba_ssm_cache_dtype mamba_ssm_stochastic_rounding
      mamba_ssm_philox_rounds tokens_per_block mamba_state_cache_interval mamba_state_config use_kv_cache_manager_v2
      enable_swa_scratch_reuse kv_cache_event_hash_algo max_util_for_resume enable_kv_pool_rebalance
      kv_pool_rebalance_min_sampled_kv_caches kv_pool_rebalance_cooldown_secs
      kv_pool_rebalance_target_ratio_update_interval kv_pool_rebalance_ratio_threshold
      kv_pool_rebalance_moving_average_decay kv_pool_rebalance_check_interval disk_prefetch_num_reqs
      fp8_context_mla_kv_len_cap pool_ratio avg_seq_len block_reuse_config`),
  ],
  [
    'cache_transceiver_config',
    words(`
      backend transceiver_runtime max_tokens_in_buffer kv_transfer_timeout_ms kv_transfer_sender_future_timeout_ms
      kv_transfer_poll_interval_ms kv_cache_bounce_size_mb enable_pipelined_transfer`),
  ],
  ['moe_config', words('backend max_num_tokens load_balancer disable_finalize_fusion use_low_precision_moe_combine')],
  [
    'cuda_graph_config',
    words('batch_sizes max_batch_size enable_padding mode num_tokens max_num_token seq_lens max_seq_len'),
  ],
  [
    'attention_dp_config',
    words(`
      enable_balance timeout_iters batching_wait_iters enable_kv_cache_aware_routing
      kv_cache_routing_load_balance_weight kv_cache_routing_match_rate_threshold kv_cache_routing_fair_share_multiplier
      kv_cache_routing_cold_start_warmup kv_cache_routing_account_for_in_transfer kv_cache_routing_conversation_affinity
      kv_cache_routing_max_sessions kv_cache_routing_new_conv_placement`),
  ],
  [
    'torch_compile_config',
    words(`
      enable_fullgraph enable_inductor enable_piecewise_cuda_graph capture_num_tokens enable_userbuffers
      max_num_streams`),
  ],
  ['cp_config', words('cp_type tokens_per_block use_nccl_for_alltoall fifo_version')],
  ['nvfp4_gemm_config', words('allowed_backends')],
])

/**
 * Fields of `TorchLlmArgs`. TensorRT-LLM rejects any other key, but only minutes into loading the model. `quant_config`
 * and `build_config` are not fields but are read separately; `sampler_type` was removed and is still accepted.
 */
export const trtllmFields: ReadonlySet<string> = new Set([
  ...sections.keys(),
  ...words(`
    tokenizer tokenizer_mode custom_tokenizer post_processor_hook skip_tokenizer_init trust_remote_code
    tensor_parallel_size dtype revision tokenizer_revision model_kwargs pipeline_parallel_size context_parallel_size
    gpus_per_node moe_cluster_parallel_size moe_tensor_parallel_size moe_expert_parallel_size enable_attention_dp
    enable_lm_head_tp_in_adp pp_partition load_format enable_lora lora_config enable_chunked_prefill
    guided_decoding_backend iter_stats_max_iterations request_stats_max_iterations peft_cache_config scheduler_config
    sparse_attention_config kv_cache_compression_config speculative_config max_batch_size max_input_len max_seq_len
    max_beam_width max_num_tokens gather_generation_logits num_postprocess_workers postprocess_tokenizer_dir
    num_serve_frontends reasoning_parser otlp_traces_endpoint backend return_perf_metrics perf_metrics_output_dir
    perf_metrics_max_requests prometheus_metrics_config enable_energy_metrics orchestrator_type env_overrides
    telemetry_config generation_config garbage_collection_gen0_threshold encoder_cuda_graph_config
    enable_encoder_decoder_mixed_cuda_graph multimodal_config disable_overlap_scheduler dwdp_config
    encoder_max_batch_size encoder_max_num_tokens attn_backend enable_mla_skip_correction mla_skip_correction_threshold
    sampler_force_async_worker enable_in_graph_sampling enable_speculative_beam_history_d2h
    enable_early_first_token_response enable_low_latency_host_dispatch enable_iter_perf_stats enable_iter_req_stats
    print_iter_log batch_wait_timeout_ms batch_wait_timeout_iters batch_wait_max_tokens_ratio prefill_cuda_graph_backend
    prefill_capture_num_tokens enable_autotuner use_fine_grained_sync enable_layerwise_nvtx_marker enable_min_latency
    stream_interval force_dynamic_quantization allreduce_strategy checkpoint_format checkpoint_io_policy mx_config
    gms_config kv_connector_config mm_encoder_only disable_mm_encoder encode_only ray_worker_extension_cls
    ray_placement_config ray_worker_nsight_options sleep_config reorder_policy_config enable_resource_governor
    use_cute_dsl_blockscaling_mm use_cute_dsl_blockscaling_bmm use_cute_dsl_bf16_bmm use_cute_dsl_bf16_gemm
    max_stats_len layer_wise_benchmarks_config quant_config build_config sampler_type hf_revision`),
])

/** Correct paths of settings that users often write at the top level, or that used to be there. */
const moved: { readonly [name: string]: string } = {
  free_gpu_memory_fraction: 'kv_cache_config.free_gpu_memory_fraction',
  kv_cache_free_gpu_mem_fraction: 'kv_cache_config.free_gpu_memory_fraction',
  kv_cache_dtype: 'kv_cache_config.dtype',
  tokens_per_block: 'kv_cache_config.tokens_per_block',
  enable_block_reuse: 'kv_cache_config.enable_block_reuse',
  use_cuda_graph: 'cuda_graph_config',
  cuda_graph_batch_sizes: 'cuda_graph_config.batch_sizes',
  cuda_graph_padding_enabled: 'cuda_graph_config.enable_padding',
  moe_backend: 'moe_config.backend',
  moe_max_num_tokens: 'moe_config.max_num_tokens',
  moe_load_balancer: 'moe_config.load_balancer',
  enable_overlap_scheduler: 'disable_overlap_scheduler, with the opposite value',
  expert_parallel_size: 'moe_expert_parallel_size',
  pytorch_backend_config:
    'top-level settings: cuda_graph_config, moe_config, kv_cache_config.dtype, disable_overlap_scheduler',
}

/** Keys of an engine configuration, as its YAML nests them, that TensorRT-LLM would reject. */
export function unknownTrtllmFields(settings: { readonly [key: string]: Json }): readonly UnknownField[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (!trtllmFields.has(key)) return [unknown([key], key, trtllmFields)]
    const known = sections.get(key)
    if (known === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return []
    const names = Object.keys(value).filter(name => !known.has(name))
    return names.map(name => unknown([key, name], name, known))
  })
}

function unknown(keys: readonly string[], name: string, known: ReadonlySet<string>): UnknownField {
  const place = keys.length === 1 ? moved[name] : undefined
  const near = nearMiss(name, known)
  const right = place !== undefined ? `write it as ${place}` : near === null ? '' : `did you mean '${near}'?`
  const section = keys.length === 1 ? '' : ` in ${keys[0]}`
  return {
    keys,
    wrong: `unknown setting '${name}'${section}: TensorRT-LLM would reject the whole configuration`,
    right,
  }
}

/** Settings as TensorRT-LLM's YAML nests them. */
export function nestTrtllm(settings: EngineSettings): EngineSettings {
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
