import { phaseCode } from '../../metrics/records.ts'
import type { Workload } from '../../model/index.ts'
import type { Trace } from '../trace.ts'
import { countReuse, type Reuse } from '../trace-reuse.ts'
import type { JobResult } from './job.ts'
import type { RequestSet } from './request-set.ts'

/** Context for computing the reusable part of prompts. */
export interface PossibleContext {
  readonly requests: Pick<RequestSet, 'turns' | 'inputTokens' | 'outputTokens'>
  readonly workload: Pick<Workload, 'prefix'>
  /** Replayed trace; null without one. */
  readonly trace: Pick<Trace, 'inputTokens' | 'hashIds' | 'blockTokens'> | null
}

/**
 * Share of the measured prompts' tokens that an unlimited prefix cache could have served. Applies to requests of
 * conversations or a trace, in the order in which they were due, including warm-up. A later turn can reuse everything
 * that precedes it, and a request of a trace can reuse blocks sent before. Empty if the sent requests are unknown.
 */
export function possibleShareOf(
  results: readonly Pick<JobResult, 'records' | 'indexes'>[],
  context: PossibleContext,
): { readonly possibleCachedShare?: number } {
  const sent = results.flatMap(({ records, indexes }) =>
    indexes === undefined
      ? []
      : Array.from(indexes, (index, row) => ({
          index,
          at: records.scheduledMs[row] ?? 0,
          isMeasured: records.phase[row] === phaseCode('measured'),
        })),
  )
  if (sent.length === 0) return {}
  const reuseOf = context.trace === null ? turnReuse(context) : reuseIn(context.trace)
  let [prompt, reusable] = [0, 0]
  for (const { index, isMeasured } of sent.sort((a, b) => a.at - b.at)) {
    const { promptTokens, reusableTokens } = reuseOf(index)
    if (!isMeasured) continue
    prompt += promptTokens
    reusable += reusableTokens
  }
  return prompt === 0 ? {} : { possibleCachedShare: reusable / prompt }
}

function reuseIn(trace: NonNullable<PossibleContext['trace']>): (index: number) => Reuse {
  const reuse = countReuse(trace)
  return index => reuse.add(index)
}

/** Uses turns as planned: the server's own answers may be a few tokens longer or shorter. */
function turnReuse({ requests, workload }: PossibleContext): (index: number) => Reuse {
  const { turns, inputTokens, outputTokens } = requests
  const seen = new Set<number>()
  const prefixes = new Set<number>()
  return index => {
    const promptTokens = inputTokens[index] ?? 0
    if (index % turns > 0) {
      const before = (inputTokens[index - 1] ?? 0) + (outputTokens[index - 1] ?? 0)
      return { promptTokens, reusableTokens: Math.min(promptTokens, before) }
    }
    const isSeen = seen.has(index)
    seen.add(index)
    const { share, count } = workload.prefix ?? { share: 0, count: 1 }
    const hasPrefix = prefixes.has(index % count)
    prefixes.add(index % count)
    return { promptTokens, reusableTokens: isSeen ? promptTokens : hasPrefix ? share * promptTokens : 0 }
  }
}
