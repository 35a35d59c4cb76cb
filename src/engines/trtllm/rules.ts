import { quoted } from '../../yaml/problem.ts'
import type { PairRule, RoleRule } from '../define-engine.ts'
import { disagreement, sameForBoth } from '../disagreement.ts'
import { isOn, numberOf, type RoleSettings } from '../role-settings.ts'

/** WideEP needs attention DP, and attention DP needs several GPUs. */
export const checkAttentionDp: RoleRule = (settings, { refuse, warn }) => {
  const attention = settings.get('attentionDp')
  const tensor = numberOf(settings, 'tensorParallel') ?? 1
  const wide = settings.get('moeBackend')
  if (wide !== null && String(wide.value).toUpperCase() === 'WIDEEP' && (attention?.value !== true || tensor < 2)) {
    refuse(
      wide.place,
      `WideEP in ${settings.role} workers needs attention DP over several GPUs`,
      'write enable_attention_dp: true and a tensor_parallel_size above 1',
    )
  }
  if (attention?.value === true && tensor === 1) {
    warn(
      attention.place,
      `attention DP over one GPU has no effect in ${settings.role} workers`,
      'write a tensor_parallel_size above 1',
    )
  }
}

/** A decode step takes one token per sequence, plus its draft tokens. A smaller budget silently limits the batch. */
export const checkTokenBudget: RoleRule = (settings, { warn }) => {
  const { role } = settings
  const [batch, tokens] = [numberOf(settings, 'maxBatchSize'), settings.get('maxNumTokens')]
  const perSequence = 1 + draftTokens(settings)
  if (role === 'prefill' || batch === null || tokens === null || typeof tokens.value !== 'number') return
  if (tokens.value >= batch * perSequence) return
  warn(
    tokens.place,
    `max_num_tokens ${tokens.value} of ${role} workers is below max_batch_size ${batch} × ${perSequence} token${perSequence > 1 ? 's' : ''} per step`,
    `raise max_num_tokens to ${batch * perSequence} or more`,
  )
}

/** MTP drafts one token by default. */
function draftTokens(settings: RoleSettings): number {
  return numberOf(settings, 'draftTokens') ?? (settings.get('decodingType')?.value === 'MTP' ? 1 : 0)
}

/** MTP layers have a KV cache of their own. */
export const checkSpeculation: PairRule = (pair, { warn }) => {
  const found = disagreement('speculation', pair)
  if (found === null) return
  const { prefill, decode } = found
  warn(
    found.place,
    `speculative_config is ${quoted(prefill)} in prefill and ${quoted(decode)} in decode workers: MTP layers have a KV cache of their own`,
    sameForBoth,
  )
}

/** Without a backend, TensorRT-LLM answers every disaggregated request with 'kv_cache_transceiver is disabled'. */
export const checkTransceiver: PairRule = ({ prefill, decode }, { refuse }, { release }) => {
  // The release of Dynamo 0.3 transfers the cache without this setting.
  if (release === 'dynamo-0.3') return
  for (const { role, place, get } of [prefill, decode]) {
    if (get('transceiverBackend') !== null) continue
    refuse(
      place,
      `${role} workers have no cache_transceiver_config.backend, so TensorRT-LLM cannot transfer the KV cache`,
      'write cache_transceiver_config: { backend: DEFAULT } for prefill and decode',
    )
  }
}

/** The recipes of Dynamo 1.x turn the overlap scheduler of prefill workers off. */
export const checkOverlap: PairRule = ({ prefill }, { warn }, { release }) => {
  if (release === 'dynamo-0.3' || isOn(prefill, 'overlapOff')) return
  warn(
    prefill.place,
    'prefill workers run with the overlap scheduler',
    'write disable_overlap_scheduler: true for prefill, as Dynamo’s recipes do',
  )
}
