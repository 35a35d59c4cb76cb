import type { Random } from '../model/index.ts'
import type { EngineRequest } from './request.ts'

/** Counters of speculative decoding as in vLLM. */
export interface DraftCounts {
  /** One per sequence and step. */
  readonly drafts: number
  readonly draftTokens: number
  readonly acceptedTokens: number
  /** Accepted tokens at each position of a draft. */
  readonly acceptedAt: readonly number[]
}

/** Speculative decoding of one worker. */
export interface Drafts {
  /** Tokens per draft. */
  readonly tokens: number
  /**
   * Tokens in each pass of a request that begins to decode: one in the first, and the accepted ones in each later pass.
   */
  stepsOf(request: EngineRequest): Uint8Array
  /** Tokens that a request yields in the worker's pass `pass`. */
  advance(request: EngineRequest, pass: number): number
  counts(): DraftCounts
}

/**
 * Drafts whose tokens are accepted one after another, each with the same probability, until the first rejection. A step
 * then has 1 + a + … + a^k tokens on average, (1 − a^(k+1)) / (1 − a) for the acceptance a of k drafted tokens
 * (Leviathan, Kalman and Matias, Fast Inference from Transformers via Speculative Decoding, 2023, equation 1). The last
 * step of an answer is cut at its length but counts whole, as in vLLM.
 */
export function createDrafts(
  tokens: number,
  { acceptance, random }: { readonly acceptance: number; readonly random: Random },
): Drafts {
  const acceptedAt = Array.from({ length: tokens }, () => 0)
  let drafts = 0

  function drawAccepted(chance: number): number {
    let accepted = 0
    while (accepted < tokens && random.uniform() < chance) accepted += 1
    return accepted
  }

  return {
    tokens,
    stepsOf({ outputTokens, acceptance: own }) {
      const chance = own ?? acceptance
      const steps = new Uint8Array(outputTokens)
      steps[0] = 1
      let count = 1
      for (let out = 1; out < outputTokens; count++) {
        const step = 1 + drawAccepted(chance)
        steps[count] = step
        out += step
      }
      return steps.slice(0, count)
    },
    advance(request, pass) {
      const { steps, outputTokens } = request
      if (steps === null) return 0
      const step = steps.length - 1 - (request.lastPass - pass)
      const drawn = steps[step] ?? 0
      const out = Math.min(drawn, outputTokens - request.generated)
      request.generated += out
      if (step > 0) {
        drafts += 1
        for (let place = 0; place < drawn - 1; place++) acceptedAt[place] = (acceptedAt[place] ?? 0) + 1
      }
      return out
    },
    counts: () => ({
      drafts,
      draftTokens: drafts * tokens,
      acceptedTokens: acceptedAt.reduce((sum, count) => sum + count, 0),
      acceptedAt: [...acceptedAt],
    }),
  }
}
