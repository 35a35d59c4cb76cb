import { type Json, nodesSetting } from '../model/index.ts'

/** Meaning of a setting, whatever an engine calls it. */
export type Meaning =
  /** Nodes of one worker; Fulcrum's own setting. */
  | 'nodes'
  /** How the ranks of a worker on several nodes find each other. */
  | 'rankCount'
  | 'rankNumber'
  | 'rankAddress'
  | 'rankPort'
  /** What runs the ranks of a worker. */
  | 'executor'
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
 * An engine's spellings of settings. A dot separates nested keys, `_` also stands for `-`, and the first one found
 * counts.
 */
export type Spellings = { readonly [meaning in Meaning]?: readonly string[] }

/** Settings that Fulcrum itself reads, for any engine. */
const ownSpellings: Spellings = { nodes: [nodesSetting] }

/** Settings by the engine's own names, nested as in its file. */
export type Settings = { readonly [key: string]: Json }

/**
 * Finds a setting in any of its spellings, with the keys that lead to it as written.
 * @param flags prefix of flags for nested settings, such as `trtllm.`
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

/** The key with this spelling, with `-` or `_`. */
function keyLike(settings: Settings, spelling: string, flags: string): string | undefined {
  return Object.keys(settings).find(key => {
    const plain = key.replaceAll('-', '_').replace(/^_+/, '')
    return (flags !== '' && plain.startsWith(flags) ? plain.slice(flags.length) : plain) === spelling
  })
}
