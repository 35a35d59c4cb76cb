import { type Json, nodesSetting } from '../model/index.ts'

/** What rules and checks ask for, regardless of its name in an engine. */
export type Meaning =
  /** Nodes of one worker; Fulcrum's own setting. */
  | 'nodes'
  | 'tensorParallel'
  | 'pipelineParallel'
  | 'contextParallel'
  | 'prefillContextParallel'
  | 'decodeContextParallel'
  | 'dataParallel'
  /** Data parallel ranks that this worker runs. */
  | 'dataParallelHere'
  | 'expertParallel'
  | 'moeTensorParallel'
  | 'moeClusterParallel'
  | 'moeBackend'
  /** Expert slots of the load balancer. */
  | 'moeSlots'
  | 'allToAll'
  | 'expertsBalanced'
  | 'expertsParallel'
  | 'denseTensorParallel'
  | 'dpHead'
  | 'attentionDp'
  | 'maxBatchSize'
  | 'maxNumTokens'
  | 'maxSeqLen'
  | 'chunkedPrefill'
  | 'chunkTokens'
  | 'kvCacheDtype'
  | 'kvBlockTokens'
  /** Share of GPU memory for the KV cache, or for everything. */
  | 'freeGpuMemory'
  | 'transceiverBackend'
  | 'overlapOff'
  | 'speculation'
  | 'speculativeAlgorithm'
  | 'decodingType'
  | 'draftTokens'

/**
 * How an engine spells what the checks ask for: nested keys with a dot, `_` for `-`; the first that is there counts.
 */
export type Spellings = { readonly [meaning in Meaning]?: readonly string[] }

/** Settings that Fulcrum itself reads, whatever the engine. */
const ownSpellings: Spellings = { nodes: [nodesSetting] }

/** Settings of an engine by the names it gives them; nested where the engine's own file is. */
export type Settings = { readonly [key: string]: Json }

/**
 * Finds a setting in any of its spellings, with the keys that lead to it as they are written.
 * @param flags what flags for nested settings begin with, such as `trtllm.`
 */
export function findSetting(
  meaning: Meaning,
  settings: Settings,
  spellings: Spellings,
  flags = '',
): { readonly keys: readonly string[]; readonly value: Json } | null {
  for (const spelling of spellings[meaning] ?? ownSpellings[meaning] ?? []) {
    const whole = keyLike(settings, spelling, flags)
    if (whole !== undefined) return { keys: [whole], value: settings[whole] as Json }
    const found = descend(settings, spelling.split('.'), flags)
    if (found !== null) return found
  }
  return null
}

function descend(
  settings: Settings,
  steps: readonly string[],
  flags: string,
): { keys: readonly string[]; value: Json } | null {
  const keys: string[] = []
  let value: Json = settings
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const map = value as Settings
    const key = keyLike(map, step, flags)
    if (key === undefined) return null
    keys.push(key)
    value = map[key] as Json
  }
  return { keys, value }
}

/** The key that is spelled so, with `-` for `_` or not. */
function keyLike(settings: Settings, spelling: string, flags: string): string | undefined {
  return Object.keys(settings).find(key => {
    const plain = key.replaceAll('-', '_').replace(/^_+/, '')
    return (flags !== '' && plain.startsWith(flags) ? plain.slice(flags.length) : plain) === spelling
  })
}
