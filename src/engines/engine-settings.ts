import type { EngineSettings, Json, Role } from '../model/index.ts'
import type { Arguments } from './arguments.ts'
import { mockerSettings, sglangSettings, vllmSettings } from './known-settings.ts'
import { nearestName } from './nearest-name.ts'
import { trtllmFields, unknownTrtllmFields } from './trtllm/fields.ts'

/** How a backend takes engine settings. */
export type EngineForm =
  /** Arguments of the worker; a switched-off flag is left out, or spelled `--no-…`. */
  | { readonly kind: 'arguments'; readonly off: 'absent' | 'no-flag'; readonly known: ReadonlySet<string> | null }
  /** One YAML file for the engine, given to the worker by an argument. */
  | { readonly kind: 'file'; readonly known: ReadonlySet<string> }

/** TensorRT-LLM's fields, and two of its nested ones by the names that the guide gives them. */
const trtllmSettings: ReadonlySet<string> = new Set([...trtllmFields, 'free_gpu_memory_fraction', 'kv_cache_dtype'])

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
  const { kind, known } = engineFormOf(backend)
  if (known === null) return []
  const unknown = Object.keys(settings).filter(setting => !known.has(settingName(backend, setting)))
  const problems = unknown.map(setting => {
    const near = nearestName(settingName(backend, setting), known)
    const hint = near === null ? '' : `; did you mean '${near}'?`
    return `${backend} has no setting '${setting}' for ${role} workers that Fulcrum knows${hint}`
  })
  if (kind !== 'file') return problems
  const nested = unknownTrtllmFields(settingsAsTrtllm(settings)).filter(({ keys }) => keys.length > 1)
  return [...problems, ...nested.map(({ wrong, right }) => (right === '' ? wrong : `${wrong}; ${right}`))]
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
