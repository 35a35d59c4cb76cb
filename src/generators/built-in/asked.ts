import type { Measurement, SentPrompts } from '../../metrics/measurement.ts'
import { meanTokens, type Point } from '../../model/index.ts'
import type { RequestSet } from './request-set.ts'

/** Index of the first request of the window: 0 for a trace, otherwise the one after the warm-up's last conversation. */
export function firstMeasured({ level, warmup }: Point['load'], turns: number): number {
  return level.kind === 'trace' ? 0 : Math.ceil(warmup / turns) * turns
}

/**
 * Index of the first measured request. A window that moved begins after as many requests as its warm-up had.
 *
 * @param warmup requests of the warm-up
 */
function firstSent(load: Point['load'], turns: number, warmup: number): number {
  return load.autoWarmup === undefined ? firstMeasured(load, turns) : warmup
}

/**
 * Mean ISL and OSL of the sent requests, in tokens; null if none was sent or a length is unknown. Excludes unsent
 * requests of the set: with variable lengths, a short window has a different mean, which the server does not cause.
 *
 * @param sent measured requests
 * @param warmup requests of the warm-up
 */
export function askedLengths(
  load: Point['load'],
  { count, turns, inputTokens, outputTokens }: Pick<RequestSet, 'count' | 'turns' | 'inputTokens' | 'outputTokens'>,
  sent: number,
  warmup = load.warmup,
): { readonly isl: number | null; readonly osl: number | null } {
  if (count === 0 || sent === 0) return { isl: null, osl: null }
  const first = firstSent(load, turns, warmup)
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
 * Number of prompts sent, and of measured requests that repeat an earlier prompt, by content. Absent for conversations,
 * which repeat themselves by nature, and traces, which define their repetitions.
 */
export function sentPrompts(
  load: Point['load'],
  { count, turns, spare, firstAlike }: Pick<RequestSet, 'count' | 'turns' | 'spare' | 'firstAlike'>,
  { measured, warmup }: { readonly measured: number; readonly warmup: number },
): { readonly prompts?: SentPrompts } {
  if (load.level.kind === 'trace' || turns > 1 || count === 0) return {}
  const seen = new Set<number>()
  const promptOf = (request: number) => firstAlike?.[request % count] ?? request % count
  const first = firstSent(load, turns, warmup)
  // A warm-up with more requests than planned uses spare prompts, or continues with those of the window.
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
 * Upper bound of the share of the measured prompt tokens that a prefix cache can supply: repeated prompts as a whole,
 * and shared prefixes after their first use. Empty if prompts have turns or follow a trace, or none was sent.
 */
export function possibleCachedShare(
  { load, workload }: Pick<Point, 'load' | 'workload'>,
  requests: Pick<RequestSet, 'count' | 'turns' | 'spare' | 'firstAlike'>,
  sent: { readonly measured: number; readonly warmup: number },
): { readonly possibleCachedShare?: number } {
  const { prompts } = sentPrompts(load, requests, sent)
  if (prompts === undefined || sent.measured === 0) return {}
  const { share, count } = workload.prefix ?? { share: 0, count: 1 }
  // Prompts use the prefixes in turn, so the first `count` requests each have a new one.
  const cold = Math.min(sent.measured, Math.max(0, count - sent.warmup))
  const fresh = sent.measured - prompts.repeated
  const withKnownPrefix = Math.max(0, fresh - cold)
  return { possibleCachedShare: (prompts.repeated + share * withKnownPrefix) / sent.measured }
}

/** Findings on the lengths of a dataset's requests, compared with the workload and with the requests themselves. */
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
