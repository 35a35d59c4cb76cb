import type { EngineSettings, Json, Role } from '../model/index.ts'
import { FulcrumError } from '../model/index.ts'
import type { Profile } from './profile.ts'

/** Validated and complete engine settings of one worker. */
export interface WorkerSettings {
  /** Maximum sequences per forward pass. */
  readonly maxBatchSize: number
  /** Maximum tokens per forward pass: new prompt tokens, plus one for each decoding sequence. */
  readonly maxNumTokens: number
  /** Maximum prompt and output tokens of a sequence together; default: unlimited. */
  readonly maxSeqLen: number
  /** Whether a prompt may be split over several passes. */
  readonly chunkedPrefill: boolean
  readonly attentionDp: boolean
  /** Share of the memory after the weights that the KV cache uses, 0–1. */
  readonly freeGpuMemoryFraction: number
  /** KV cache limit in tokens, in addition to the memory limit; default: unlimited. */
  readonly maxKvTokens: number
  /**
   * Whether prompts reuse computed parts of earlier prompts with the same beginning. This only affects requests that
   * state what they share.
   */
  readonly blockReuse: boolean
  /** Drafted tokens per sequence and step; 0 without speculative decoding. */
  readonly draftTokens: number
}

/**
 * TensorRT-LLM's defaults, if it has any; those of `max_num_tokens` and `max_batch_size` are also Dynamo's mocker's.
 */
const defaults: WorkerSettings = {
  maxBatchSize: 256,
  maxNumTokens: 8192,
  maxSeqLen: Number.POSITIVE_INFINITY,
  chunkedPrefill: true,
  attentionDp: false,
  freeGpuMemoryFraction: 0.9,
  maxKvTokens: Number.POSITIVE_INFINITY,
  blockReuse: true,
  draftTokens: 0,
}

/** MTP drafts one token by default. */
const defaultDraftTokens = 1

type Reader = (value: Json, profile: Profile) => Partial<WorkerSettings> | string

const isWhole = (value: Json): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 1
const whole =
  (field: keyof WorkerSettings): Reader =>
  value =>
    isWhole(value) ? { [field]: value } : 'must be a whole number from 1'
const flag =
  (field: keyof WorkerSettings): Reader =>
  value =>
    typeof value === 'boolean' ? { [field]: value } : 'must be true or false'
const share =
  (field: keyof WorkerSettings): Reader =>
  value =>
    typeof value === 'number' && value > 0 && value <= 1 ? { [field]: value } : 'must be above 0 and at most 1'
/** A setting that must have the value with which times were measured. */
const only =
  (expected: (profile: Profile) => Json): Reader =>
  (value, profile) =>
    value === expected(profile)
      ? {}
      : `must be ${JSON.stringify(expected(profile))}: the profile ${profile.name} was measured so`

/** Longer drafts than any engine allows are a typing error. */
const mostDraftTokens = 16
function draftTokens(value: Json): ReturnType<Reader> {
  return isWhole(value) && value <= mostDraftTokens
    ? { draftTokens: value }
    : `must be a whole number from 1 to ${mostDraftTokens}`
}

/** Every modeled setting in the engine's spelling; nested ones with a dot. */
const readers: { readonly [setting: string]: Reader } = {
  max_batch_size: whole('maxBatchSize'),
  max_num_tokens: whole('maxNumTokens'),
  max_seq_len: whole('maxSeqLen'),
  enable_chunked_prefill: flag('chunkedPrefill'),
  enable_attention_dp: (value, profile) =>
    typeof value !== 'boolean'
      ? 'must be true or false'
      : profile.tables.some(table => table.enableAttentionDp === value)
        ? { attentionDp: value }
        : `${value} is not in the profile ${profile.name}: no times were measured for it`,
  free_gpu_memory_fraction: share('freeGpuMemoryFraction'),
  'kv_cache_config.free_gpu_memory_fraction': share('freeGpuMemoryFraction'),
  'kv_cache_config.max_tokens': whole('maxKvTokens'),
  'kv_cache_config.enable_block_reuse': value =>
    value === false
      ? { blockReuse: false }
      : 'must be false: the engine behind HTTP does not look for what prompts have in common',
  speculative_config: value => (value === null ? {} : 'must be a map, or null for none'),
  'speculative_config.decoding_type': value =>
    value === 'MTP' ? {} : 'must be MTP: the time of other drafts is not modeled',
  'speculative_config.num_nextn_predict_layers': draftTokens,
  'speculative_config.max_draft_len': draftTokens,
  'kv_cache_config.dtype': only(profile => profile.kv.dtype),
  kv_cache_dtype: only(profile => profile.kv.dtype),
  tokens_per_block: only(profile => profile.kv.blockTokens),
  'kv_cache_config.tokens_per_block': only(profile => profile.kv.blockTokens),
  tensor_parallel_size: only(profile => profile.parallelism.tensor),
  moe_expert_parallel_size: only(profile => profile.parallelism.expert),
  pipeline_parallel_size: only(profile => profile.parallelism.pipeline),
  backend: only(() => 'pytorch'),
}

function flatten(settings: { readonly [key: string]: Json }, prefix = ''): [string, Json][] {
  return Object.entries(settings).flatMap(([key, value]): [string, Json][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flatten(value as { readonly [key: string]: Json }, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value]],
  )
}

/** A setting that the simulated engine rejects, and what to do. */
export interface SettingProblem {
  readonly wrong: string
  readonly remedy: string
}

/** Whether settings request speculative decoding. */
const drafts = (settings: EngineSettings) => flatten(settings).some(([name]) => name.startsWith('speculative_config.'))

/**
 * Problems with a role's engine settings, including settings that the engine does not model.
 * @param isAcceptanceKnown whether the acceptance rate of drafts is given, which no setting does
 */
export function settingsProblems(
  role: Role,
  settings: EngineSettings,
  profile: Profile,
  isAcceptanceKnown = false,
): readonly SettingProblem[] {
  return flatten(settings).flatMap(([name, value]) => {
    if (name.startsWith('speculative_config.') && !isAcceptanceKnown)
      return [
        {
          wrong: `engine.${role}.${name}: the acceptance rate of the simulated model is not set`,
          remedy: 'write deploy.acceptance, such as 0.7 or by-prompt',
        },
      ]
    const reader = readers[name]
    if (reader === undefined)
      return [
        {
          wrong: `engine.${role}.${name} is not modeled by the simulated engine`,
          remedy: `it knows ${Object.keys(readers).join(', ')}`,
        },
      ]
    const read = reader(value, profile)
    const remedy = 'remove it, or sweep it with a deployer that knows it'
    return typeof read === 'string' ? [{ wrong: `engine.${role}.${name} ${read}`, remedy }] : []
  })
}

/**
 * Converts engine settings for the model.
 * @throws FulcrumError bad-input `engine-setting` that names every invalid or unmodeled setting
 */
export function workerSettings(
  role: Role,
  settings: EngineSettings,
  profile: Profile,
  isAcceptanceKnown = false,
): WorkerSettings {
  const problems = settingsProblems(role, settings, profile, isAcceptanceKnown)
  if (problems.length > 0)
    throw new FulcrumError(
      'bad-input',
      'engine-setting',
      problems.map(({ wrong, remedy }) => `${wrong}; ${remedy}`).join('\n'),
      {
        remedy: 'remove the setting, or sweep it on a real deployment',
      },
    )
  const read = flatten(settings).map(([name, value]) => readers[name]?.(value, profile))
  return Object.assign(
    { ...defaults, draftTokens: drafts(settings) ? defaultDraftTokens : 0 },
    ...read,
  ) as WorkerSettings
}
