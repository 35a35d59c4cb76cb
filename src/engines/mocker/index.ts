import { defineEngine } from '../define-engine.ts'
import { mockerSettings } from './settings.ts'

/** Dynamo's mocker: a simulated engine behind Dynamo's own frontend, router and transport. Needs no GPU. */
export const mocker = defineEngine({
  name: 'mocker',
  title: 'Dynamo’s mocker',
  about:
    'Responds at the pace of an engine without computing. The arguments of `python -m dynamo.mocker`, ai-dynamo 1.4.2 and 1.6.1.',
  module: 'dynamo.mocker',
  settings: { kind: 'arguments', off: 'no-flag', known: mockerSettings },
  // TensorRT-LLM's names, so that its sweep files can be tried on the mocker.
  aliases: {
    max_batch_size: 'max_num_seqs',
    max_num_tokens: 'max_num_batched_tokens',
    max_seq_len: 'max_model_len',
    num_gpu_blocks: 'num_gpu_blocks_override',
  },
  spellings: {
    dataParallel: ['data_parallel_size'],
    maxBatchSize: ['max_batch_size', 'max_num_seqs'],
    maxNumTokens: ['max_num_tokens', 'max_num_batched_tokens'],
    maxSeqLen: ['max_seq_len', 'max_model_len'],
    chunkedPrefill: ['enable_chunked_prefill'],
    kvCacheDtype: ['kv_cache_dtype'],
    kvBlockTokens: ['block_size'],
    freeGpuMemory: ['free_gpu_memory_fraction', 'gpu_memory_utilization', 'mem_fraction_static'],
  },
  launch: { model: 'model-path', servedName: 'model-name', isNamedByPath: true },
  usesGpus: false,
  startupS: 5,
})
