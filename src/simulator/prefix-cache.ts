import type { EngineRequest } from './request.ts'

/** Blocks of one id, held by a number of requests, or by none and kept until space is needed. */
interface Entry {
  readonly blocks: number
  holders: number
}

/** Computed prompts that a worker keeps. All values are in KV blocks unless they name tokens. */
export interface PrefixCache {
  /** Prompt tokens that need not be computed; never the whole prompt, because its last block yields the first token. */
  reusableTokens(request: EngineRequest): number
  /** Blocks of the request's prompt that the cache holds rather than the request. */
  blocksOf(request: EngineRequest): number
  /** Blocks of its prompt that no running request holds. */
  unheld(request: EngineRequest): number
  hold(request: EngineRequest): void
  /** Returns the number of blocks that no request holds any more. */
  release(request: EngineRequest): number
  /** Evicts the least recently held blocks until those that no request holds fit in `room`. */
  trim(room: number): void
}

/**
 * Prefix reuse as in Dynamo's mocker and vLLM: blocks are available to others from admission on, stay when their last
 * holder leaves, and are evicted in the order in which they were last held.
 */
export function createPrefixCache(blockTokens: number): PrefixCache {
  /** In the order in which they were last held. */
  const entries = new Map<number, Entry>()
  let idle = 0

  function blocksAt({ promptTokens, shared }: EngineRequest, index: number): number {
    if (shared === null) return 0
    const from = index * shared.tokensPerId
    return Math.max(0, Math.floor((Math.min(promptTokens, from + shared.tokensPerId) - from) / blockTokens))
  }

  /** Sums `of` over the ids of a prompt. */
  function sum(request: EngineRequest, of: (entry: Entry | undefined, blocks: number) => number): number {
    let total = 0
    const ids = request.shared?.ids ?? []
    for (let index = 0; index < ids.length; index++) {
      total += of(entries.get(ids[index] as number), blocksAt(request, index))
    }
    return total
  }

  return {
    reusableTokens(request) {
      const ids = request.shared?.ids ?? []
      let blocks = 0
      for (let index = 0; index < ids.length; index++) {
        const entry = entries.get(ids[index] as number)
        if (entry === undefined) break
        blocks += Math.min(entry.blocks, blocksAt(request, index))
      }
      return Math.min(blocks, Math.floor((request.promptTokens - 1) / blockTokens)) * blockTokens
    },
    blocksOf: request => sum(request, (entry, blocks) => Math.min(entry?.blocks ?? blocks, blocks)),
    unheld: request =>
      sum(request, (entry, blocks) => (entry === undefined ? blocks : entry.holders === 0 ? entry.blocks : 0)),
    hold(request) {
      for (const [index, id] of (request.shared?.ids ?? []).entries()) {
        const entry = entries.get(id)
        if (entry === undefined) entries.set(id, { blocks: blocksAt(request, index), holders: 1 })
        else {
          if (entry.holders === 0) idle -= entry.blocks
          entry.holders += 1
        }
      }
    },
    release(request) {
      let freed = 0
      // In reverse, so that the end of a prompt, which fewer other prompts share, is evicted before its beginning.
      for (const id of request.shared?.ids.toReversed() ?? []) {
        const entry = entries.get(id)
        if (entry === undefined) continue
        entry.holders -= 1
        if (entry.holders > 0) continue
        freed += entry.blocks
        entries.delete(id)
        entries.set(id, entry)
      }
      idle += freed
      return freed
    },
    trim(room) {
      if (idle <= room) return
      for (const [id, entry] of entries) {
        if (entry.holders > 0) continue
        entries.delete(id)
        idle -= entry.blocks
        if (idle <= room) return
      }
    },
  }
}
