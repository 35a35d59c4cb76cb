import type { Role } from '../model/index.ts'
import type { CostModel } from './cost.ts'
import { createPrefixCache } from './prefix-cache.ts'
import type { EngineRequest } from './request.ts'

/** KV blocks of one worker: which requests hold them, and which are already computed. */
export interface KvCache {
  readonly usedBlocks: number
  /** Blocks that a request holds while it runs here. */
  blocksFor(promptTokens: number, outputTokens: number): number
  /** Reserves blocks for a request and finds the computed part of its prompt; false if there are too few. */
  reserve(request: EngineRequest): boolean
  /** Releases a request's blocks, if it holds any. */
  release(request: EngineRequest): void
}

/** Options of a worker's KV cache. */
export interface KvCacheOptions {
  readonly role: Role
  readonly cost: CostModel
  /** Prompts with the same beginning share blocks. Decode workers compute no prompts. */
  readonly blockReuse: boolean
}

/** Creates the empty KV cache of a worker. */
export function createKvCache({ role, cost, blockReuse }: KvCacheOptions): KvCache {
  const reuse = blockReuse && role !== 'decode' ? createPrefixCache(cost.blockTokens) : null
  let used = 0
  // A prefill worker generates at most one output token before the prompt's blocks move on.
  const blocksFor = (promptTokens: number, outputTokens: number) =>
    Math.ceil((promptTokens + (role === 'prefill' ? 1 : outputTokens)) / cost.blockTokens)

  return {
    get usedBlocks() {
      return used
    },
    blocksFor,
    reserve(request) {
      const own = blocksFor(request.promptTokens, request.outputTokens)
      if (reuse === null || request.shared === null) {
        if (used + own > cost.kvBlocks) return false
        used += own
        request.blocks = own
        return true
      }
      const apart = own - reuse.blocksOf(request)
      const taken = apart + reuse.unheld(request)
      if (used + taken > cost.kvBlocks) return false
      request.reusedTokens = reuse.reusableTokens(request)
      request.promptLeft -= request.reusedTokens
      reuse.hold(request)
      used += taken
      request.blocks = apart
      reuse.trim(cost.kvBlocks - used)
      return true
    },
    release(request) {
      if (request.blocks > 0) {
        used -= request.blocks + (reuse?.release(request) ?? 0)
        reuse?.trim(cost.kvBlocks - used)
      }
      request.blocks = 0
    },
  }
}
