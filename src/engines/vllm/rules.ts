import type { RoleRule } from '../define-engine.ts'
import { isOn, numberOf } from '../role-settings.ts'

/**
 * vLLM takes decode context ranks from the TP ranks, or spreads them over the prefill context ranks (`ParallelConfig`).
 */
export const checkContextRanks: RoleRule = (settings, { refuse }) => {
  const decode = settings.get('decodeContextParallel')
  if (decode === null || typeof decode.value !== 'number') return
  const tensor = numberOf(settings, 'tensorParallel') ?? 1
  const prefill = numberOf(settings, 'prefillContextParallel') ?? 1
  const fits = prefill === 1 ? tensor % decode.value === 0 : [1, prefill, tensor * prefill].includes(decode.value)
  if (fits) return
  refuse(
    decode.place,
    `${settings.role} workers have ${decode.value} decode context ranks, ${tensor} tensor and ${prefill} prefill context ranks`,
    prefill === 1 ? `write a number that divides ${tensor}` : `write 1, ${prefill} or ${tensor * prefill}`,
  )
}

/** `ParallelConfig` rejects expert load balancing without expert parallelism. */
export const checkExpertBalancing: RoleRule = (settings, { refuse }) => {
  const balanced = settings.get('expertsBalanced')
  if (balanced?.value !== true || isOn(settings, 'expertsParallel')) return
  const wrong = `enable_eplb of ${settings.role} workers needs expert parallelism`
  refuse(balanced.place, wrong, 'write enable_expert_parallel: true')
}

/** Fulcrum's Ray clusters run a single model; the ranks of data parallelism meet without Ray. */
export const checkRay: RoleRule = (settings, { refuse }) => {
  const executor = settings.get('executor')
  const data = numberOf(settings, 'dataParallel') ?? 1
  if (executor?.value !== 'ray' || data === 1 || (numberOf(settings, 'nodes') ?? 1) === 1) return
  const wrong = `Fulcrum starts the ${data} data parallel ranks of ${settings.role} workers on several nodes without Ray`
  refuse(executor.place, wrong, 'remove it')
}

/** vLLM's `SchedulerConfig.verify_max_model_len` rejects these too, but minutes later. */
export const checkTokenBudget: RoleRule = (settings, { refuse }) => {
  const { role } = settings
  const tokens = settings.get('maxNumTokens')
  if (tokens === null || typeof tokens.value !== 'number') return
  const [batch, length] = [numberOf(settings, 'maxBatchSize'), numberOf(settings, 'maxSeqLen')]
  if (batch !== null && tokens.value < batch) {
    refuse(
      tokens.place,
      `max_num_batched_tokens ${tokens.value} of ${role} workers is below max_num_seqs ${batch}`,
      `raise it to ${batch} or more`,
    )
  } else if (length !== null && tokens.value < length && settings.get('chunkedPrefill')?.value === false) {
    refuse(
      tokens.place,
      `max_num_batched_tokens ${tokens.value} of ${role} workers is below max_model_len ${length}, and prefill is not chunked`,
      `raise it to ${length} or more, or remove enable_chunked_prefill: false`,
    )
  }
}
