import type { Deployment } from '../../model/index.ts'
import type { Measurement } from '../measurement.ts'
import { shareByPages, shareByPromptTakers } from '../server-cache.ts'
import type { Figure } from './figure.ts'

/**
 * By the answers' usage, else by the server's metrics pages; null where neither says anything of a cache, or where what
 * answers say can't be. With prefill and decode workers, an answer may speak for its decode worker, in whose cache a
 * prompt saves no prefill; such answers don't count, and only the pages of prefill workers and of their router do.
 */
function cachedShare({ promptCache, serverCache }: Measurement, { topology }: Deployment): number | null {
  if (topology.kind === 'disaggregated' && promptCache?.isOfPrefill !== true)
    return shareByPromptTakers(serverCache)?.share ?? null
  if (promptCache === undefined) return shareByPages(serverCache)?.share ?? null
  if (promptCache.impossible > 0 || promptCache.promptTokens === 0) return null
  return promptCache.cachedTokens / promptCache.promptTokens
}

/** How much of the prompts the server's prefix cache had, and how much it could have had. */
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
