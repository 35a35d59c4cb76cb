import { backendOf } from './backend.ts'
import { type Check, type Findings, numberOf, rolesWithSettings } from './check.ts'
import type { RoleSettings } from './sources.ts'

/** What SGLang asserts while it starts, or changes without saying so (`server_args.py`); its DP attention is among the parallel sizes. */
export const checkSglang: Check = (sweep, findings) => {
  if (backendOf(sweep.raw) !== 'sglang') return
  for (const { settings } of rolesWithSettings(sweep)) {
    checkLayers(settings, findings)
    checkExpertSpread(settings, findings)
    checkPipeline(settings, findings)
    checkChunks(settings, findings)
  }
}

const tensorRanks = (settings: RoleSettings) => numberOf(settings, 'tensorParallel') ?? 1
const hasDpAttention = (settings: RoleSettings) => settings.get('attentionDp')?.value === true

function checkLayers(settings: RoleSettings, { refuse }: Findings): void {
  const { role } = settings
  const tensor = tensorRanks(settings)
  const dense = settings.get('denseTensorParallel')
  if (dense !== null && dense.value !== 1 && dense.value !== tensor) {
    const right = tensor === 1 ? 'write 1' : `write 1 or ${tensor}`
    refuse(dense.place, `moe_dense_tp_size of ${role} workers is ${JSON.stringify(dense.value)}`, right)
  }
  const head = settings.get('dpHead')
  if (head?.value === true && !hasDpAttention(settings)) {
    refuse(head.place, `enable_dp_lm_head of ${role} workers needs DP attention`, 'write enable_dp_attention: true')
  }
}

/** Backends that spread experts over all TP ranks, whatever the expert parallel size says. */
const spanning = ['megamoe', 'deepep', 'mooncake', 'nixl', 'ascend_fuseep', 'flashinfer', 'mori']

function checkExpertSpread(settings: RoleSettings, { refuse, warn }: Findings): void {
  const { role } = settings
  const tensor = tensorRanks(settings)
  const spread = settings.get('allToAll')
  const backend = String(spread?.value ?? 'none')
  const spans = spanning.includes(backend)
  const expert = settings.get('expertParallel')
  if (spans && expert !== null && expert.value !== tensor) {
    warn(
      expert.place,
      `SGLang makes the expert parallel size ${tensor} with moe_a2a_backend ${backend}, whatever is written`,
      `write ${tensor}`,
    )
  }
  const everywhere = hasDpAttention(settings) && numberOf(settings, 'dataParallel') === tensor
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

function checkPipeline(settings: RoleSettings, { refuse }: Findings): void {
  const speculation = settings.get('speculativeAlgorithm')
  if (speculation === null || speculation.value === null || (numberOf(settings, 'pipelineParallel') ?? 1) < 2) return
  const wrong = `${settings.role} workers have pipeline stages and speculative decoding, and SGLang takes just one of them`
  refuse(speculation.place, wrong, 'remove one of the two')
}

function checkChunks(settings: RoleSettings, { refuse }: Findings): void {
  const chunk = settings.get('chunkTokens')
  const page = numberOf(settings, 'kvBlockTokens')
  if (settings.role === 'decode' || chunk === null || typeof chunk.value !== 'number' || page === null) return
  if (chunk.value <= 0 || chunk.value % page === 0) return
  const wrong = `chunked_prefill_size ${chunk.value} of ${settings.role} workers is no multiple of page_size ${page}`
  refuse(chunk.place, wrong, `write a multiple of ${page}`)
}
