import type { EngineRequest } from './request.ts'

/** Blocks of one id: held by so many requests, or by none and kept until room is needed. */
interface Entry {
  readonly blocks: number
  holders: number
}

/** What a worker keeps of prompts that it has computed. All figures are in KV blocks, except where tokens are named. */
export interface PrefixCache {
  /** Prompt tokens that need not be computed; never all of them, as the last block gives the first token. */
  reusableTokens(request: EngineRequest): number
  /** Blocks of the request's prompt that live here, and not with the request. */
  blocksOf(request: EngineRequest): number
  /** Blocks of its prompt that no running request holds. */
  unheld(request: EngineRequest): number
  hold(request: EngineRequest): void
  /** Returns the blocks that nobody holds any more. */
  release(request: EngineRequest): number
  /** Forgets the blocks that were held longest ago until those that nobody holds fit in `room`. */
  trim(room: number): void
}

/**
 * Prefix reuse as Dynamo's mocker and vLLM have it: blocks are there for others from admission on, stay when their last
 * holder leaves, and go in the order in which they were last held.
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
      // Backwards, so that the end of a prompt, which fewest others have, is forgotten before its beginning.
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
