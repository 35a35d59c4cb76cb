import type { Role } from '../model/index.ts'
import type { CostModel } from './cost.ts'
import type { KvCache } from './kv-cache.ts'
import { createQueue } from './queue.ts'
import type { EngineRequest } from './request.ts'
import type { WorkerSettings } from './settings.ts'

/**
 * Decides which prompt tokens the next pass of a worker computes: those of sequences in prefill, oldest first, and then
 * requests from the queue in order, as long as batch, token budget and KV blocks allow. Admission reserves blocks for
 * the prompt and the whole output (TensorRT-LLM's GUARANTEED_NO_EVICT): no request is ever preempted, and one that does
 * not fit holds back those behind it.
 */
export interface Scheduler {
  /** Requests in the queue. */
  readonly waiting: number
  /** Admitted requests whose prompts are not yet computed. */
  readonly prefilling: number
  enqueue(request: EngineRequest): void
  /** Schedules at most `budget` prompt tokens for the next pass; returns how many. */
  schedule(budget: number): number
  /** Removes a request before its prompt is computed; false if it is not here. */
  remove(request: EngineRequest): boolean
  /** Why a request could never be admitted; null if it can. */
  refuses(promptTokens: number, outputTokens: number): string | null
}

/** Options of a worker's scheduler. */
export interface SchedulerOptions {
  readonly role: Role
  readonly settings: WorkerSettings
  readonly cost: CostModel
  readonly cache: KvCache
  /** Maximum running requests. */
  readonly maxRunning: number
  /** Running requests whose prompts are computed. */
  computed(): number
  /** Called when the next pass completes a request's prompt, or can begin to decode it in a decode worker. */
  onPrompt(request: EngineRequest): void
}

/** Creates the scheduler of an idle worker. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { role, settings, cost, cache, maxRunning } = options
  const waiting = createQueue<EngineRequest>()
  /** Oldest first. */
  const prefilling: EngineRequest[] = []

  /** Prompt tokens that one request uses of the remaining budget. */
  function takePrompt(request: EngineRequest, budget: number): number {
    const tokens = Math.min(request.promptLeft, budget)
    request.promptLeft -= tokens
    return tokens
  }

  /** Continues prompts from earlier passes; returns their tokens. */
  function continuePrompts(budget: number): number {
    let taken = 0
    let kept = 0
    for (const request of prefilling) {
      taken += takePrompt(request, budget - taken)
      if (request.promptLeft === 0) options.onPrompt(request)
      else prefilling[kept++] = request
    }
    prefilling.length = kept
    return taken
  }

  /** Admits requests from the queue in order; returns their prompt tokens. */
  function admit(budget: number): number {
    let left = budget
    let taken = 0
    for (let request = waiting.peek(); request !== undefined; request = waiting.peek()) {
      if (left <= 0 || options.computed() + prefilling.length >= maxRunning) break
      if (role !== 'decode' && !settings.chunkedPrefill && request.promptLeft > left) break
      if (!cache.reserve(request)) break
      waiting.shift()
      if (role === 'decode') {
        left -= 1
        options.onPrompt(request)
        continue
      }
      const tokens = takePrompt(request, left)
      left -= tokens
      taken += tokens
      if (request.promptLeft === 0) options.onPrompt(request)
      else prefilling.push(request)
    }
    return taken
  }

  return {
    get waiting() {
      return waiting.size
    },
    get prefilling() {
      return prefilling.length
    },
    enqueue: waiting.push,
    schedule(budget) {
      const continued = continuePrompts(budget)
      return continued + admit(budget - continued)
    },
    remove(request) {
      if (waiting.remove(request)) return true
      const begun = prefilling.indexOf(request)
      if (begun < 0) return false
      prefilling.splice(begun, 1)
      return true
    },
    refuses(promptTokens, outputTokens) {
      const total = promptTokens + outputTokens
      if (total > settings.maxSeqLen)
        return `prompt and output have ${total} tokens, max_seq_len of the ${role} workers is ${settings.maxSeqLen}`
      if (cache.blocksFor(promptTokens, outputTokens) > cost.kvBlocks)
        return `prompt and output need ${total} tokens of KV cache, a ${role} worker has ${cost.kvBlocks * cost.blockTokens}`
      if (role !== 'decode' && !settings.chunkedPrefill && promptTokens > settings.maxNumTokens)
        return `the prompt has ${promptTokens} tokens, max_num_tokens of the ${role} workers is ${settings.maxNumTokens} and enable_chunked_prefill is false`
      return null
    },
  }
}
