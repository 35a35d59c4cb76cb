import type { Random, Role } from '../model/index.ts'
import type { CostModel } from './cost.ts'
import { createDrafts, type DraftCounts } from './drafts.ts'
import { createHeap } from './heap.ts'
import { createKvCache } from './kv-cache.ts'
import type { EngineRequest } from './request.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import type { WorkerSettings } from './settings.ts'

/** Gauges and counters of one worker, as in an engine's metrics. */
export interface WorkerLoad {
  readonly running: number
  readonly waiting: number
  /** The most requests that run at once. */
  readonly slots: number
  readonly kvBlocksUsed: number
  readonly kvBlocks: number
  readonly passes: number
  readonly busyMs: number
  /** Null without speculative decoding. */
  readonly drafts: DraftCounts | null
}

/** Events at the end of a pass, for the engine. */
export interface WorkerEvents {
  /** `gapMs` since the previous pass, for each of `sequences` sequences that also had a token then. */
  onStep(gapMs: number, sequences: number): void
  /** The prompt is computed and the request leaves a prefill worker. */
  onPrefilled(request: EngineRequest, atMs: number): void
  /** The last token was generated. */
  onFinished(request: EngineRequest, atMs: number): void
  /** A draining worker has no requests left. */
  onDrained(worker: Worker): void
}

/**
 * One engine process with queue, KV blocks and continuous batching, simulated pass by pass.
 *
 * A pass processes one token per decoding sequence, and the prompt tokens that the {@link Scheduler} finds room for.
 * The time of a pass is the prefill's time plus the decode step's, so a chunk of a prompt slows down every sequence
 * that decodes at the same time. Tokens are available at the end of the pass.
 *
 * The first token comes with the pass that completes the prompt: from the prefill alone with `promptBringsToken`, and
 * otherwise from a decode step of the same pass.
 *
 * With speculative decoding, each step of a sequence after its first also processes its drafts as tokens, and yields
 * the accepted ones (see {@link createDrafts}).
 */
export interface Worker {
  readonly id: number
  readonly role: Role
  readonly draining: boolean
  /** When the current pass ends; Infinity if idle. */
  readonly passEndsMs: number
  load(): WorkerLoad
  /** Requests waiting or running here. */
  readonly size: number
  /** Why a request could never run here; null if it can. */
  refuses(promptTokens: number, outputTokens: number): string | null
  /**
   * Accepts a request that has been there since `sinceMs`. Returns when an idle worker starts on it; null if it is
   * busy. The caller must call {@link Worker.start} at that time, so that simultaneous requests share a pass.
   */
  enqueue(request: EngineRequest, sinceMs: number): number | null
  /** Begins a pass of an idle worker; true if there was work. */
  start(atMs: number): boolean
  /** Ends the current pass and begins the next if there is work; true if it did. */
  endPass(): boolean
  cancel(request: EngineRequest): void
  /** Stops accepting new requests. */
  drain(): void
}

/** Options of a simulated worker. */
export interface WorkerOptions {
  readonly id: number
  readonly role: Role
  readonly settings: WorkerSettings
  readonly cost: CostModel
  readonly events: WorkerEvents
  /**
   * Whether to call `onToken` for every request in every pass. Turned off without listeners, so that a pass costs the
   * same for any batch.
   */
  readonly streamTokens: boolean
  /** When the worker started; no pass begins before. */
  readonly sinceMs: number
  /** Whether the pass that completes a prompt needs no decode step for its first token (Dynamo 1.6.1, not 1.4.2). */
  readonly promptBringsToken: boolean
  /** Acceptance for requests without their own, and the source of random numbers. */
  readonly acceptance: number
  readonly random: Random
}

/** Creates an idle simulated worker. */
export function createWorker(options: WorkerOptions): Worker {
  const { role, settings, cost, events } = options
  /** Ordered by the pass in which each ends. */
  const decoding = createHeap<EngineRequest>((a, b) => a.lastPass < b.lastPass)
  /** Requests in `decoding` whose first token comes with this pass. */
  let joined: EngineRequest[] = []
  /** Requests whose second token comes with this pass. */
  let seconds: EngineRequest[] = []
  /** In a prefill worker: prompts that this pass completes. */
  const prefilled: EngineRequest[] = []
  let contextTokens = 0
  let passes = 0
  let busyMs = 0
  let passEndsMs = Number.POSITIVE_INFINITY
  let idleSinceMs = options.sinceMs
  /** Whether an idle worker has announced when it starts. */
  let starting = false
  let lastStepMs = Number.NaN
  /** Whether listeners are being told about the end of a pass. Requests that they submit wait for the next pass. */
  let ending = false
  let draining = false
  let drained = false

  const drafts = role === 'prefill' || settings.draftTokens === 0 ? null : createDrafts(settings.draftTokens, options)
  /** Tokens of one sequence per step. */
  const stepTokens = 1 + (drafts?.tokens ?? 0)
  const maxRunning =
    role === 'prefill'
      ? settings.maxBatchSize
      : Math.min(settings.maxBatchSize, Math.max(1, Math.floor(settings.maxNumTokens / stepTokens)))
  const cache = createKvCache({ role, cost, blockReuse: settings.blockReuse })
  const computed = () => decoding.size + prefilled.length
  const scheduler: Scheduler = createScheduler({
    ...{ role, settings, cost, cache, maxRunning, computed },
    onPrompt: request => {
      if (role === 'prefill') prefilled.push(request)
      else join(request)
    },
  })
  const running = () => computed() + scheduler.prefilling

  function leave(request: EngineRequest): void {
    cache.release(request)
    request.worker = null
  }

  function join(request: EngineRequest): void {
    // The pass that begins now is number `passes + 1` and yields the first token.
    request.steps = drafts?.stepsOf(request) ?? null
    request.lastPass = passes + (request.steps?.length ?? request.outputTokens)
    decoding.push(request)
    joined.push(request)
    contextTokens += request.promptTokens
  }

  /** Time of the decode step in the pass that begins now. */
  function stepMs(): number {
    if (!options.promptBringsToken || joined.length === 0)
      return cost.verifyMs(decoding.size, contextTokens, stepTokens - 1)
    const fresh = joined.reduce((sum, request) => sum + request.promptTokens, 0)
    return cost.verifyMs(decoding.size - joined.length, contextTokens - fresh, stepTokens - 1)
  }

  function beginPass(atMs: number): boolean {
    const budget = Math.max(0, settings.maxNumTokens - (role === 'prefill' ? 0 : decoding.size * stepTokens))
    const promptTokens = scheduler.schedule(budget)
    if (decoding.size === 0 && promptTokens === 0) {
      idleSinceMs = atMs
      passEndsMs = Number.POSITIVE_INFINITY
      return false
    }
    const durationMs = cost.prefillMs(promptTokens) + stepMs()
    busyMs += durationMs
    passEndsMs = atMs + durationMs
    return true
  }

  function emitTokens(atMs: number): void {
    const stepped = decoding.size
    if (stepped === 0) {
      lastStepMs = Number.NaN
      return
    }
    const before = stepped - joined.length
    if (before > 0) events.onStep(atMs - lastStepMs, before)
    lastStepMs = atMs
    if (drafts === null) contextTokens += stepped
    for (const request of seconds) if (request.outputTokens > 1) request.secondTokenMs = atMs
    for (const request of joined) request.firstTokenMs = atMs
    const told = seconds
    seconds = joined
    joined = told
    joined.length = 0
    if (drafts !== null) {
      for (const request of decoding.items) {
        const tokens = drafts.advance(request, passes)
        contextTokens += tokens
        if (options.streamTokens) request.onToken?.(atMs, tokens)
      }
    } else if (options.streamTokens) for (const request of decoding.items) request.onToken?.(atMs, 1)
  }

  function finishLast(atMs: number): void {
    for (
      let request = decoding.peek();
      request !== undefined && request.lastPass <= passes;
      request = decoding.peek()
    ) {
      decoding.pop()
      contextTokens -= request.promptTokens + request.outputTokens
      request.finishedMs = atMs
      leave(request)
      events.onFinished(request, atMs)
    }
  }

  function handOver(atMs: number): void {
    for (const request of prefilled) {
      leave(request)
      if (!request.cancelled) events.onPrefilled(request, atMs)
    }
    prefilled.length = 0
  }

  function checkDrained(): void {
    if (!draining || drained || ending || worker.size > 0) return
    drained = true
    events.onDrained(worker)
  }

  const worker: Worker = {
    id: options.id,
    role,
    get draining() {
      return draining
    },
    get passEndsMs() {
      return passEndsMs
    },
    get size() {
      return scheduler.waiting + running()
    },
    load: () => ({
      slots: maxRunning,
      running: running(),
      waiting: scheduler.waiting,
      kvBlocksUsed: cache.usedBlocks,
      kvBlocks: cost.kvBlocks,
      passes,
      busyMs,
      drafts: drafts?.counts() ?? null,
    }),
    refuses: scheduler.refuses,
    enqueue(request, sinceMs) {
      request.worker = worker
      scheduler.enqueue(request)
      if (ending || starting || passEndsMs !== Number.POSITIVE_INFINITY) return null
      starting = true
      return Math.max(sinceMs, idleSinceMs)
    },
    start(atMs) {
      starting = false
      return beginPass(atMs)
    },
    endPass() {
      const atMs = passEndsMs
      ending = true
      passes += 1
      emitTokens(atMs)
      finishLast(atMs)
      handOver(atMs)
      ending = false
      const began = beginPass(atMs)
      if (!began) checkDrained()
      return began
    },
    cancel(request) {
      if (request.worker !== worker) return
      request.cancelled = true
      if (decoding.remove(request)) {
        const generated =
          request.steps === null ? passes - (request.lastPass - request.outputTokens) : request.generated
        contextTokens -= request.promptTokens + generated
        const fresh = joined.indexOf(request)
        if (fresh >= 0) joined.splice(fresh, 1)
      } else if (!scheduler.remove(request)) return
      leave(request)
      checkDrained()
    },
    drain() {
      draining = true
      checkDrained()
    },
  }
  return worker
}
