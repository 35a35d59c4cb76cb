import { drawLengths } from '../metrics/statistics/lengths.ts'
import type { Length, Random, Workload } from '../model/index.ts'
import { lengthSource } from './lengths.ts'
import type { PromptBlocks } from './request.ts'

/** Part of a workload that a simulation models; a {@link Workload} can be passed as it is. */
export type SimulatedWorkload = Pick<Workload, 'isl' | 'osl'> & Partial<Pick<Workload, 'prefix' | 'conversation'>>

/** A workload and its weight in a mix; weights need not add up to 1. */
export interface WeightedWorkload {
  readonly workload: SimulatedWorkload
  readonly weight: number
}

/** Recorded requests as columns, ascending in time; the load generator's traces can be passed as they are. */
export interface TraceRequests {
  readonly count: number
  /** Since the first request. */
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  /** Ids of the blocks of each prompt; null if the trace has none. */
  readonly hashIds: readonly (readonly number[])[] | null
  /** Tokens per block; default: 512. */
  readonly blockTokens?: number
}

/** A drawn request. */
export interface DrawnRequest {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly shared: PromptBlocks | null
}

/** Draws requests one at a time, so memory does not grow with them. */
export interface RequestSource {
  /** First request of a conversation on a connection, or a single request. */
  next(): DrawnRequest
  /** The next turn, with the conversation so far and a new message. */
  turnAfter(before: DrawnRequest): DrawnRequest
  /** Requests per conversation, and the time between an answer and the next request. */
  readonly turns: number
  readonly thinkMs: number
  /**
   * Lengths that all requests have. Null if lengths are drawn, recorded, or depend on the conversation; requests then
   * state their own, which the simulated server keeps exactly. The mean of the distribution would differ, because a few
   * draws from a skewed one deviate from it.
   */
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
}

/** Tokens per id of a shared prefix or a conversation: few, so that the end of a prefix is matched closely. */
const prefixTokensPerId = 64
/** Tokens per hash id of a trace (Mooncake's FAST'25 traces). */
const traceTokensPerId = 512
/** Ids per prefix or conversation, distinct from those of all others. */
const idsEach = 2 ** 20

/** Distinct prompts, sent in order and repeated from the start. */
export interface Dataset {
  readonly prompts: number
  /** Whether there may be more requests than prompts. */
  readonly repeats: boolean
  /** Prompts after which lengths repeat; default: all. */
  readonly period?: number
}

/**
 * Requests of a workload, or of several mixed by weight. Deterministic for given random numbers. Requests of one
 * workload with a dataset have the lengths that the built-in generator would give its prompts, and repeat in the same
 * way.
 */
export function drawnRequests(
  workload: SimulatedWorkload | readonly WeightedWorkload[],
  random: Random,
  dataset: Dataset | null = null,
): RequestSource {
  const mix: readonly WeightedWorkload[] = isMix(workload) ? workload : [{ workload, weight: 1 }]
  if (mix.length === 1 && mix[0] !== undefined) return requestsOf(mix[0].workload, random, 0, dataset)
  const total = mix.reduce((sum, { weight }) => sum + weight, 0)
  const pick = random.fork('mix')
  const sources = mix.map(({ workload: one, weight }, index) => ({
    source: requestsOf(one, random.fork(`workload-${index}`), index + 1),
    share: weight / total,
  }))
  return {
    next() {
      let left = pick.uniform()
      const drawn = sources.find(({ share }) => {
        left -= share
        return left < 0
      })
      return (drawn ?? (sources.at(-1) as (typeof sources)[number])).source.next()
    },
    turnAfter: before => before,
    turns: 1,
    thinkMs: 0,
    asked: { isl: null, osl: null },
  }
}

function isMix(workload: SimulatedWorkload | readonly WeightedWorkload[]): workload is readonly WeightedWorkload[] {
  return Array.isArray(workload)
}

function requestsOf(
  workload: SimulatedWorkload,
  random: Random,
  family: number,
  dataset: Dataset | null = null,
): RequestSource {
  const lengths = (length: Length, name: string) =>
    dataset === null || length.kind === 'fixed'
      ? lengthSource(length, random.fork(name))
      : again(drawLengths(length, Math.min(dataset.period ?? dataset.prompts, dataset.prompts), random.fork(name)))
  const isl = lengths(workload.isl, 'isl')
  const osl = lengths(workload.osl, 'osl')
  const group = random.fork('prefix')
  const { prefix, conversation } = workload
  const turns = conversation?.turns ?? 1
  let conversations = 0
  let drawn = 0
  /** A repeated prompt, identified as a whole by one id. */
  const repeated = (promptTokens: number): PromptBlocks | null =>
    dataset?.repeats === true
      ? {
          ids: [drawn++ % dataset.prompts],
          tokensPerId: Math.ceil(promptTokens / prefixTokensPerId) * prefixTokensPerId,
        }
      : null
  return {
    next() {
      const promptTokens = isl()
      const first = (name: number) => (family * 4096 + name) * idsEach
      const shared =
        prefix !== undefined
          ? idsFrom(first(group.integer(prefix.count)), promptTokens * prefix.share)
          : turns > 1
            ? idsFrom(first(4096 + conversations++), promptTokens)
            : repeated(promptTokens)
      return { promptTokens, outputTokens: osl(), shared }
    },
    turnAfter(before) {
      const promptTokens = before.promptTokens + before.outputTokens + isl()
      const shared = before.shared === null ? null : idsFrom(before.shared.ids[0] ?? 0, promptTokens)
      return { promptTokens, outputTokens: osl(), shared }
    },
    turns,
    thinkMs: conversation?.thinkMs ?? 0,
    asked: turns > 1 ? { isl: null, osl: null } : { isl: fixedTokens(workload.isl), osl: fixedTokens(workload.osl) },
  }
}

function fixedTokens(length: Length): number | null {
  return length.kind === 'fixed' ? length.tokens : null
}

/** Returns values in order, repeating from the start. */
function again(values: Uint32Array): () => number {
  let taken = 0
  return () => values[taken++ % values.length] ?? 1
}

function idsFrom(first: number, tokens: number): PromptBlocks | null {
  const count = Math.floor(tokens / prefixTokensPerId)
  if (count === 0) return null
  return { ids: Array.from({ length: count }, (_, index) => first + index), tokensPerId: prefixTokensPerId }
}

/** Requests of a trace in order; the last one repeats if more are needed. */
export function tracedRequests(trace: TraceRequests): RequestSource {
  let taken = 0
  return {
    next() {
      const index = Math.min(taken++, trace.count - 1)
      const ids = trace.hashIds?.[index]
      return {
        promptTokens: trace.inputTokens[index] ?? 1,
        outputTokens: trace.outputTokens[index] ?? 1,
        shared:
          ids === undefined || ids.length === 0 ? null : { ids, tokensPerId: trace.blockTokens ?? traceTokensPerId },
      }
    },
    turnAfter: before => before,
    turns: 1,
    thinkMs: 0,
    asked: { isl: null, osl: null },
  }
}
