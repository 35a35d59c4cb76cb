import { drawLengths } from '../metrics/statistics/lengths.ts'
import type { Length, Random, Workload } from '../model/index.ts'
import { lengthSource } from './lengths.ts'
import type { PromptBlocks } from './request.ts'

/** What of a workload a simulation can tell apart; a {@link Workload} fits as it is. */
export type SimulatedWorkload = Pick<Workload, 'isl' | 'osl'> & Partial<Pick<Workload, 'prefix' | 'conversation'>>

/** A workload's part in a mix; weights need not add up to 1. */
export interface WeightedWorkload {
  readonly workload: SimulatedWorkload
  readonly weight: number
}

/** Recorded requests in columns, ascending in time; a trace as the load generator reads it fits as it is. */
export interface TraceRequests {
  readonly count: number
  /** Since the first request. */
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  /** Ids of the blocks that a prompt is made of; null where the trace has none. */
  readonly hashIds: readonly (readonly number[])[] | null
  /** Tokens of those blocks; 512 when absent. */
  readonly blockTokens?: number
}

/** One request as it is drawn. */
export interface DrawnRequest {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly shared: PromptBlocks | null
}

/** Draws requests one at a time, so that any number of them takes no memory. */
export interface RequestSource {
  /** The first request of a conversation on a connection, or a request by itself. */
  next(): DrawnRequest
  /** Its next turn: all that was said before, and a new message. */
  turnAfter(before: DrawnRequest): DrawnRequest
  /** Requests of a conversation, and the time between an answer and the next of them. */
  readonly turns: number
  readonly thinkMs: number
  /**
   * Lengths that every request has. Null where lengths are drawn, recorded, or follow from the course of conversations:
   * then a request's own are what it asks for, and the simulated server keeps to them. The mean of the distribution is
   * another thing: few requests of a skewed one lie beside it.
   */
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
}

/** Tokens that an id of a shared prefix or a conversation stands for: small, so that a prefix's end is met closely. */
const prefixTokensPerId = 64
/** Tokens that a trace's hash id stands for (Mooncake's FAST'25 traces). */
const traceTokensPerId = 512
/** Ids of one prefix or conversation, apart from those of all others. */
const idsEach = 2 ** 20

/** Distinct prompts that are sent one after the other, then again from the first. */
export interface Dataset {
  readonly prompts: number
  /** Whether more requests than prompts may come. */
  readonly repeats: boolean
}

/**
 * Requests of a workload, or of several mixed by weight. The same random numbers give the same requests; those of one
 * workload with a dataset have the lengths that the built-in generator would give its prompts, and repeat as those do.
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
      : again(drawLengths(length, dataset.prompts, random.fork(name)))
  const isl = lengths(workload.isl, 'isl')
  const osl = lengths(workload.osl, 'osl')
  const group = random.fork('prefix')
  const { prefix, conversation } = workload
  const turns = conversation?.turns ?? 1
  let conversations = 0
  let drawn = 0
  /** A prompt that comes again, named whole by one id. */
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

/** Values one after the other, from the first again after the last. */
function again(values: Uint32Array): () => number {
  let taken = 0
  return () => values[taken++ % values.length] ?? 1
}

function idsFrom(first: number, tokens: number): PromptBlocks | null {
  const count = Math.floor(tokens / prefixTokensPerId)
  if (count === 0) return null
  return { ids: Array.from({ length: count }, (_, index) => first + index), tokensPerId: prefixTokensPerId }
}

/** The requests of a trace in their order; the last one again when more are asked for. */
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
