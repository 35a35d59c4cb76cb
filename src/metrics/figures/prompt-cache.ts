import type { Measurement } from '../measurement.ts'
import { shareByPages } from '../server-cache.ts'
import type { Figure } from './figure.ts'

/**
 * By the answers' usage, else by the server's metrics pages; null where neither says anything of a cache, or where what
 * answers say can't be.
 */
function cachedShare({ promptCache, serverCache }: Measurement): number | null {
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
