import { FulcrumError } from '../model/index.ts'
import type { Correction, Profile } from './profile.ts'
import type { WorkerSettings } from './settings.ts'
import { interpolate, interpolateSurface } from './table.ts'

/** Time that one worker's work takes. */
export interface CostModel {
  /** ms of a forward pass over `tokens` new prompt tokens; 0 without any. */
  prefillMs(tokens: number): number
  /** ms of a decode step over `sequences` sequences with a total of `contextTokens` tokens; 0 without any. */
  decodeMs(sequences: number, contextTokens: number): number
  /**
   * ms of a step that drafts `drafts` tokens per sequence and verifies them. At least as long as a step without drafts.
   */
  verifyMs(sequences: number, contextTokens: number, drafts: number): number
  /** ms to transfer a prompt of `tokens` from a prefill worker to a decode worker. */
  transferMs(tokens: number): number
  readonly kvBlocks: number
  readonly blockTokens: number
}

/**
 * Time to draft one token, relative to a decode step. The technical report of DeepSeek-V3 has 1.8 times the tokens/s
 * from one MTP layer whose token is accepted in 85 to 90% of all steps, so a step takes 1.85 / 1.8 to 1.9 / 1.8 times
 * as long.
 */
const draftShare = 0.04

/** Applies a correction to pass times. Tables with scale 0 are not read. */
function correct(
  { prefill, decode }: Correction,
  prefillMs: (tokens: number) => number,
  decodeMs: (sequences: number, contextTokens: number) => number,
): Pick<CostModel, 'prefillMs' | 'decodeMs'> {
  const { scale, fixedMs, perSequenceMs, sequenceExponent, per1000ContextTokensMs } = decode
  // Batches are small integers, so their powers are computed in advance.
  const batchMs: number[] = []
  const batchTermMs = (sequences: number) => {
    const known = batchMs[sequences]
    if (known !== undefined) return known
    const term = fixedMs + perSequenceMs * sequences ** sequenceExponent
    batchMs[sequences] = term
    return term
  }
  return {
    prefillMs: tokens =>
      Math.max(
        0,
        (prefill.scale === 0 ? 0 : prefill.scale * prefillMs(tokens)) +
          prefill.fixedMs +
          (prefill.per1000TokensMs * tokens) / 1000,
      ),
    decodeMs: (sequences, contextTokens) =>
      Math.max(
        0.01,
        (scale === 0 ? 0 : scale * decodeMs(sequences, contextTokens)) +
          batchTermMs(sequences) +
          (per1000ContextTokensMs * contextTokens) / 1000,
      ),
  }
}

/** Caches times: the prefill time of a token count never changes, and workloads have few different counts. */
function remembered(compute: (tokens: number) => number): (tokens: number) => number {
  const known = new Map<number, number>()
  return tokens => {
    const found = known.get(tokens)
    if (found !== undefined) return found
    const value = compute(tokens)
    if (known.size < 65_536) known.set(tokens, value)
    return value
  }
}

/**
 * Costs of a worker with its settings. Prompts in chunks and batches take the time of one prompt with as many tokens,
 * and a decode step takes at least 1 ms; Dynamo's mocker reads the same tables in the same way.
 * @throws FulcrumError bad-input `engine-setting` if the profile has no times for the settings
 */
export function costModel(profile: Profile, settings: WorkerSettings): CostModel {
  const table = profile.tables.find(candidate => candidate.enableAttentionDp === settings.attentionDp)
  if (table === undefined)
    throw new FulcrumError(
      'bad-input',
      'engine-setting',
      `The profile ${profile.name} has no times for enable_attention_dp: ${settings.attentionDp}`,
    )
  const { kv, transfer, parallelism } = profile
  // Tensor-parallel ranks each hold the whole latent cache of MLA; with attention DP, each rank holds its own
  // sequences.
  const ranks = settings.attentionDp ? parallelism.tensor : 1
  const memoryTokens = (settings.freeGpuMemoryFraction * kv.freeBytesPerGpu * ranks) / kv.bytesPerToken
  const prefillMs = (tokens: number) => Math.max(0, interpolate(table.prefill, tokens))
  const decodeMs = (sequences: number, contextTokens: number) =>
    Math.max(1, interpolateSurface(table.decode, contextTokens, contextTokens / sequences))
  const corrected = profile.correction === undefined ? null : correct(profile.correction, prefillMs, decodeMs)
  const decodeStepMs = (sequences: number, contextTokens: number) =>
    sequences === 0 ? 0 : (corrected?.decodeMs ?? decodeMs)(sequences, contextTokens)
  return {
    prefillMs: remembered(tokens => (tokens === 0 ? 0 : (corrected?.prefillMs ?? prefillMs)(tokens))),
    decodeMs: decodeStepMs,
    verifyMs(sequences, contextTokens, drafts) {
      const plainMs = decodeStepMs(sequences, contextTokens)
      if (drafts === 0 || sequences === 0) return plainMs
      // A pass over 1 + drafts tokens of each sequence, which share one read of the sequence's KV cache.
      const passMs = decodeStepMs(sequences * (1 + drafts), contextTokens)
      return Math.max(plainMs, passMs) + drafts * draftShare * plainMs
    },
    transferMs: tokens => transfer.latencyMs + ((tokens * kv.bytesPerToken) / transfer.bytesPerS) * 1000,
    kvBlocks: Math.floor(Math.min(memoryTokens, settings.maxKvTokens) / kv.blockTokens),
    blockTokens: kv.blockTokens,
  }
}
