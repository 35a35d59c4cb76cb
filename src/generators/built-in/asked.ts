import type { Measurement, SentPrompts } from '../../metrics/measurement.ts'
import { meanTokens, type Point } from '../../model/index.ts'
import type { RequestSet } from './request-set.ts'

/**
 * Which request of a set the window begins with: a trace's first, else the one after the warm-up's last conversation.
 */
export function firstMeasured({ level, warmup }: Point['load'], turns: number): number {
  return level.kind === 'trace' ? 0 : Math.ceil(warmup / turns) * turns
}

/**
 * Mean ISL and OSL of the requests that were sent, in tokens; null of none. Not those of the whole set: of lengths that
 * vary a short window has a mean of its own, and that is not the server's doing. Null too where a length is unknown.
 */
export function askedLengths(
  load: Point['load'],
  { count, turns, inputTokens, outputTokens }: Pick<RequestSet, 'count' | 'turns' | 'inputTokens' | 'outputTokens'>,
  sent: number,
): { readonly isl: number | null; readonly osl: number | null } {
  if (count === 0 || sent === 0) return { isl: null, osl: null }
  const first = firstMeasured(load, turns)
  const mean = (lengths: Uint32Array) => {
    let sum = 0
    let isKnown = true
    for (let request = 0; request < sent; request++) {
      const length = lengths[(first + request) % count] ?? 0
      isKnown &&= length > 0
      sum += length
    }
    return isKnown ? sum / sent : null
  }
  return { isl: mean(inputTokens), osl: mean(outputTokens) }
}

/**
 * How many prompts were sent, and how many of the measured requests repeated one: by what the prompts hold, not by how
 * many were asked for. Absent for conversations, which repeat themselves by nature, and traces, which say what repeats.
 */
export function sentPrompts(
  load: Point['load'],
  { count, turns, spare, firstAlike }: Pick<RequestSet, 'count' | 'turns' | 'spare' | 'firstAlike'>,
  { measured, warmup }: { readonly measured: number; readonly warmup: number },
): { readonly prompts?: SentPrompts } {
  if (load.level.kind === 'trace' || turns > 1 || count === 0) return {}
  const seen = new Set<number>()
  const promptOf = (request: number) => firstAlike?.[request % count] ?? request % count
  const first = firstMeasured(load, turns)
  // A warm-up that takes more requests than planned has spare prompts for them, or goes on with those of the window.
  const warmed = spare > 0 ? first : Math.max(first, warmup)
  for (let request = 0; request < Math.min(warmed, count); request++) seen.add(promptOf(request))
  let repeated = 0
  for (let request = first; request < first + measured; request++) {
    const prompt = promptOf(request)
    if (seen.has(prompt)) repeated++
    seen.add(prompt)
  }
  return { prompts: { available: count, distinct: seen.size, repeated } }
}

/**
 * Share of the measured prompts' tokens that a prefix cache could have had at best: all of a prompt that was sent
 * before, and the shared prefix of another, unless it is the first one with that prefix. Empty where prompts have
 * turns, follow a trace, or none was sent.
 */
export function possibleCachedShare(
  { load, workload }: Pick<Point, 'load' | 'workload'>,
  requests: Pick<RequestSet, 'count' | 'turns' | 'spare' | 'firstAlike'>,
  sent: { readonly measured: number; readonly warmup: number },
): { readonly possibleCachedShare?: number } {
  const { prompts } = sentPrompts(load, requests, sent)
  if (prompts === undefined || sent.measured === 0) return {}
  const { share, count } = workload.prefix ?? { share: 0, count: 1 }
  // Prompts take the prefixes in turn, so the first `count` requests have a new one each.
  const cold = Math.min(sent.measured, Math.max(0, count - sent.warmup))
  const fresh = sent.measured - prompts.repeated
  const withKnownPrefix = Math.max(0, fresh - cold)
  return { possibleCachedShare: (prompts.repeated + share * withKnownPrefix) / sent.measured }
}

/**
 * Deviations of a dataset's requests: from what the workload says, and from what the requests themselves held and asked
 * for.
 */
export function datasetDeviation(
  { isl, osl }: Point['workload'],
  measured: Pick<Measurement, 'isl' | 'osl' | 'deviation'>,
): Measurement['deviation'] {
  const from = (got: number | undefined, asked: number) => (got === undefined ? null : (got - asked) / asked)
  return {
    isl: from(measured.isl?.mean, meanTokens(isl)),
    osl: from(measured.osl?.mean, meanTokens(osl)),
    ofRequests: measured.deviation,
  }
}
