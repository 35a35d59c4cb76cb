import { parseDocument } from 'yaml'
import { type EngineSettings, isJsonObject, type Json, type Role } from '../../model/index.ts'

type Document = ReturnType<typeof parseDocument>

/**
 * Settings that TensorRT-LLM of that time accepts inside `pytorch_backend_config` (its `PyTorchConfig`, in several
 * versions).
 */
export const pytorchSettings: ReadonlySet<string> = new Set([
  'use_cuda_graph',
  'cuda_graph_batch_sizes',
  'cuda_graph_max_batch_size',
  'cuda_graph_padding_enabled',
  'enable_overlap_scheduler',
  'disable_overlap_scheduler',
  'attn_backend',
  'moe_backend',
  'mixed_sampler',
  'enable_trtllm_sampler',
  'enable_iter_perf_stats',
  'enable_layerwise_nvtx_marker',
  'torch_compile_enabled',
  'torch_compile_fullgraph',
  'torch_compile_inductor_enabled',
  'kv_cache_dtype',
  'print_iter_log',
  'moe_max_num_tokens',
  'moe_load_balancer',
])

/** Section of a `disagg_llm_api_config.yaml` for a role. An aggregated worker reads the top level of a file. */
export function sectionOf(role: Role): 'context_servers' | 'generation_servers' {
  return role === 'prefill' ? 'context_servers' : 'generation_servers'
}

/**
 * Copies an engine file with other settings; keeps comments and everything else.
 * @param section map in the file with the role's settings; null for the top level
 */
export function withSettings(text: string, section: string | null, settings: EngineSettings): string {
  const document = parseDocument(text)
  const base = section === null ? [] : [section]
  for (const [key, value] of Object.entries(settings)) {
    const name = key.replaceAll('-', '_')
    put(document, [...base, ...placeOf(document, base, name)], value)
  }
  return document.toString({ lineWidth: 0 })
}

/** Path of a setting: its place in the file, or else its place in TensorRT-LLM's examples. */
function placeOf(document: Document, base: readonly string[], name: string): readonly string[] {
  const nests = [[], ['kv_cache_config'], ['pytorch_backend_config']]
  const written = nests.find(nest => document.hasIn([...base, ...nest, name]))
  if (written !== undefined) return [...written, name]
  if (name === 'free_gpu_memory_fraction' && base.length === 0) return ['kv_cache_config', name]
  if (pytorchSettings.has(name)) return ['pytorch_backend_config', name]
  return [name]
}

/** Sets a value. In a map, sets only the given keys, so that comments on the others stay. */
function put(document: Document, path: readonly string[], value: Json): void {
  if (isJsonObject(value) && isJsonObject(document.getIn(path) === undefined ? undefined : toData(document, path))) {
    for (const [key, inner] of Object.entries(value)) put(document, [...path, key], inner)
    return
  }
  const parent = path.slice(0, -1)
  if (parent.length > 0 && !isJsonObject(toData(document, parent))) document.setIn(parent, document.createNode({}))
  const kept = document.getIn(path, true)
  document.setIn(
    path,
    isJsonObject(value) || Array.isArray(value) || kept === undefined ? document.createNode(value) : value,
  )
}

function toData(document: Document, path: readonly string[]): unknown {
  return path.reduce<unknown>((data, step) => (isJsonObject(data) ? data[step] : undefined), document.toJS())
}
