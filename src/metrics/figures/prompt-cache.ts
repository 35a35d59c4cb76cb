import type { Deployment } from '../../model/index.ts'
import type { Measurement } from '../measurement.ts'
import { shareByPages, shareByPromptTakers } from '../server-cache.ts'
import type { Figure } from './figure.ts'

/**
 * Cached share of the prompts according to the answers' usage, or else the server's metrics. Null if neither reports
 * it, or if the answers' values are impossible. In a disaggregated deployment, an answer may report its decode worker's
 * cache, which saves no prefill. Such answers do not count; only the metrics of prefill workers and of their router do.
 */
function cachedShare({ promptCache, serverCache }: Measurement, { topology }: Deployment): number | null {
  if (topology.kind === 'disaggregated' && promptCache?.isOfPrefill !== true)
    return shareByPromptTakers(serverCache)?.share ?? null
  if (promptCache === undefined) return shareByPages(serverCache)?.share ?? null
  if (promptCache.impossible > 0 || promptCache.promptTokens === 0) return null
  return promptCache.cachedTokens / promptCache.promptTokens
}

/** Shares of the prompts that the server's prefix cache served, and that it could have served. */
export const promptCache: readonly Figure[] = [
  {
    name: 'cached_prompt_tokens_share',
    title: 'Cache hit rate',
    unit: '%',
    better: 'higher',
    of: cachedShare,
    ifObserved: true,
    shownIn: ['comparison', 'history', 'axes'],
  },
  {
    name: 'possible_cached_share',
    title: 'Possible cache hit rate',
    unit: '%',
    better: 'higher',
    of: ({ possibleCachedShare }) => possibleCachedShare ?? null,
  },
]
