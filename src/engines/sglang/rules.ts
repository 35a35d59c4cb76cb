import type { RoleRule } from '../define-engine.ts'
import { isOn, numberOf, type RoleSettings } from '../role-settings.ts'

// SGLang asserts these conditions when it starts, or silently changes the settings (`server_args.py`).

const tensorRanks = (settings: RoleSettings) => numberOf(settings, 'tensorParallel') ?? 1

/** DP attention needs a data parallel size that divides the tensor parallel size. */
export const checkDpAttention: RoleRule = (settings, { refuse }) => {
  const attention = settings.get('attentionDp')
  if (attention?.value !== true) return
  const [tensor, data] = [tensorRanks(settings), numberOf(settings, 'dataParallel') ?? 1]
  if (data >= 2 && tensor % data === 0) return
  refuse(
    attention.place,
    `DP attention of ${settings.role} workers has dp_size ${data} and tp_size ${tensor}`,
    'write a dp_size above 1 that divides tp_size; with dp_size 1, SGLang silently turns DP attention off',
  )
}

/** The dense layers of a MoE model run on one tensor rank or on all; a data parallel LM head needs DP attention. */
export const checkLayers: RoleRule = (settings, { refuse }) => {
  const { role } = settings
  const tensor = tensorRanks(settings)
  const dense = settings.get('denseTensorParallel')
  if (dense !== null && dense.value !== 1 && dense.value !== tensor) {
    const right = tensor === 1 ? 'write 1' : `write 1 or ${tensor}`
    refuse(dense.place, `moe_dense_tp_size of ${role} workers is ${JSON.stringify(dense.value)}`, right)
  }
  const head = settings.get('dpHead')
  if (head?.value === true && !isOn(settings, 'attentionDp')) {
    refuse(head.place, `enable_dp_lm_head of ${role} workers needs DP attention`, 'write enable_dp_attention: true')
  }
}

/** Backends that spread experts over all TP ranks, regardless of the expert parallel size. */
const spanning = ['megamoe', 'deepep', 'mooncake', 'nixl', 'ascend_fuseep', 'flashinfer', 'mori']

/**
 * All-to-all backends that span all tensor ranks set the expert parallel size themselves. FlashInfer's needs DP
 * attention on all of them, and balancing experts needs at least two expert parallel ranks.
 */
export const checkExpertSpread: RoleRule = (settings, { refuse, warn }) => {
  const { role } = settings
  const tensor = tensorRanks(settings)
  const spread = settings.get('allToAll')
  const backend = String(spread?.value ?? 'none')
  const spans = spanning.includes(backend)
  const expert = settings.get('expertParallel')
  if (spans && expert !== null && expert.value !== tensor) {
    warn(
      expert.place,
      `with moe_a2a_backend ${backend}, SGLang sets the expert parallel size to ${tensor}`,
      `write ${tensor}`,
    )
  }
  const everywhere = isOn(settings, 'attentionDp') && numberOf(settings, 'dataParallel') === tensor
  if (spread !== null && backend === 'flashinfer' && !everywhere) {
    refuse(
      spread.place,
      `moe_a2a_backend flashinfer of ${role} workers needs DP attention over all ${tensor} tensor ranks`,
      `write enable_dp_attention: true and dp_size: ${tensor}`,
    )
  }
  const balanced = settings.get('expertsBalanced')
  const ranks = spans ? tensor : typeof expert?.value === 'number' ? expert.value : 1
  if (balanced?.value === true && ranks < 2) {
    refuse(balanced.place, `enable_eplb of ${role} workers has one expert parallel rank`, 'write an ep_size above 1')
  }
}

/** SGLang does not combine pipeline stages with speculative decoding. */
export const checkPipeline: RoleRule = (settings, { refuse }) => {
  const speculation = settings.get('speculativeAlgorithm')
  if (speculation === null || speculation.value === null || (numberOf(settings, 'pipelineParallel') ?? 1) < 2) return
  const wrong = `${settings.role} workers have pipeline stages and speculative decoding, which SGLang does not combine`
  refuse(speculation.place, wrong, 'remove one of the two')
}

/** The chunk size of prefill must be a multiple of the page size. A chunk size of 0 or less turns chunking off. */
export const checkChunks: RoleRule = (settings, { refuse }) => {
  const chunk = settings.get('chunkTokens')
  const page = numberOf(settings, 'kvBlockTokens')
  if (settings.role === 'decode' || chunk === null || typeof chunk.value !== 'number' || page === null) return
  if (chunk.value <= 0 || chunk.value % page === 0) return
  const wrong = `chunked_prefill_size ${chunk.value} of ${settings.role} workers is not a multiple of page_size ${page}`
  refuse(chunk.place, wrong, `write a multiple of ${page}`)
}
