/**
 * Writes profiles/deepseek-r1-fp4-gb200.yaml from the measured tables beside it.
 * Run again after the .npz changed: `node scripts/make-profile.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import type { NpyArray } from './profile/npz.ts'
import { parseNpz } from './profile/npz.ts'

const folder = new URL('../profiles/', import.meta.url)
const tables = [{ enableAttentionDp: false, file: 'deepseek-r1-fp4-gb200-tp4ep4.npz' }]

/** Four decimals of a millisecond are 0.1 µs: far below what was measured. */
const number = (value: number) => String(Number(value.toFixed(4)))
const list = (values: Iterable<number>) => `[${[...values].map(number).join(', ')}]`

function array(arrays: Map<string, NpyArray>, name: string): NpyArray {
  const found = arrays.get(name)
  if (found === undefined) throw new Error(`the archive has no array ${name}`)
  return found
}

async function tableText(table: (typeof tables)[number]): Promise<string> {
  const arrays = parseNpz(await readFile(new URL(table.file, folder)))
  const steps = array(arrays, 'decode_itl')
  const [rows = 0, columns = 0] = steps.shape
  const matrix = Array.from({ length: rows }, (_, row) => {
    return `        - ${list(steps.values.subarray(row * columns, (row + 1) * columns))}`
  })
  return `  # from ${table.file}
  - enable_attention_dp: ${table.enableAttentionDp}
    # One forward pass over so many new prompt tokens takes so many ms.
    prefill:
      tokens: ${list(array(arrays, 'prefill_isl').values)}
      ms: ${list(array(arrays, 'prefill_ttft_ms').values)}
    # One decode step in ms: a row for each sum of KV tokens over the batch, a column for each mean context.
    # Batch size is kv_tokens / context_tokens, measured from 1 to 512.
    decode:
      context_tokens: ${list(array(arrays, 'decode_context_length').values)}
      kv_tokens: ${list(array(arrays, 'decode_active_kv_tokens').values)}
      step_ms:
${matrix.join('\n')}`
}

const text = `# Made by scripts/make-profile.ts; change that, not this.
#
# What one worker costs: DeepSeek-R1 FP4 with TensorRT-LLM on four GPUs of a GB200 node, TP 4 and EP 4.
# Times are measured kernel tables of aiconfigurator-core 0.12.0 (Apache-2.0; gb200, TensorRT-LLM 1.3.0rc20), composed to
# whole forward passes by its own model for nvidia/DeepSeek-V3.1-NVFP4, the nearest model it has; fp8 KV cache, bf16 FMHA.
# make_timing_table.py is the script that asked it.
name: deepseek-r1-fp4-gb200
model: nvidia/DeepSeek-R1-FP4
hardware: 4x GB200, TensorRT-LLM 1.3.0rc20, TP4 EP4
source: aiconfigurator-core 0.12.0, gb200/trtllm/1.3.0rc20, DeepSeek-V3.1-NVFP4 as nearest model
licence: Apache-2.0
parallelism: { tensor: 4, expert: 4, pipeline: 1 }
kv_cache:
  dtype: fp8
  # MLA: 61 layers x (512 latent + 64 rope) x 1 byte
  bytes_per_token: 35136
  # TensorRT-LLM's tokens_per_block
  block_tokens: 32
  # An estimate, not measured: 186 GB of a GB200 GPU less a quarter of about 400 GB of weights and 11 GB of activations and
  # runtime. free_gpu_memory_fraction is the share of this that the KV cache takes. MLA's cache is the same on each TP rank.
  free_gb_per_gpu: 75
# Prefill to decode worker, Dynamo's mocker's default: one InfiniBand port a transfer.
transfer: { bandwidth_gb_per_s: 64, latency_ms: 0 }
# Tokenizing, routing and hops before a worker has the request; 0: only the model's own time.
frontend: { fixed_ms: 0, per_1000_tokens_ms: 0 }
tables:
${(await Promise.all(tables.map(tableText))).join('\n')}
`
await writeFile(new URL('deepseek-r1-fp4-gb200.yaml', folder), text)
