import { words } from '../words.ts'

/** `python -m dynamo.mocker --help` of ai-dynamo 1.4.2 and 1.6.1; each lacks some of the other’s. */
export const mockerSettings = words(`
  max_num_seqs max_num_batched_tokens max_model_len num_gpu_blocks_override block_size enable_prefix_caching
  enable_chunked_prefill preemption_mode speedup_ratio decode_speedup_ratio data_parallel_size startup_time
  planner_profile_data engine_type sglang_schedule_policy sglang_page_size sglang_max_prefill_tokens
  sglang_chunked_prefill_size sglang_clip_max_new_tokens sglang_schedule_conservativeness kv_transfer_bandwidth
  kv_transfer_timing_mode kv_cache_dtype kv_bytes_per_token num_g2_blocks num_g3_blocks offload_batch_size
  free_gpu_memory_fraction gpu_memory_utilization mem_fraction_static aic_tp_size aic_moe_tp_size aic_moe_ep_size
  aic_attention_dp_size aic_nextn ais_tp_size ais_moe_tp_size ais_moe_ep_size ais_attention_dp_size ais_nextn
  num_host_blocks host_offload_d2h_bandwidth_gbps host_offload_h2d_bandwidth_gbps`)
