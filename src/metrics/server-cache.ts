import type { ServerCache, ServerMetrics, TokenShare } from './measurement.ts'
import { increaseOf, meanObservation, type PageMetrics, seriesNamed } from './server-series.ts'

/** Names of an engine's metrics about its prefix cache. */
export interface CacheMetricNames {
  /** Counters of cached prompt tokens (or blocks) and of those looked up. */
  readonly found: RegExp
  readonly lookedFor: RegExp
  /** Gauge of the hit rate. */
  readonly hitRate: RegExp
}

/** Roles whose workers receive prompts. A cached prompt in a decode worker was transferred and is not a hit. */
const takesPrompts = /^(prefill|aggregated)(-|$)/

/**
 * Prefix cache according to the server's metrics. Dynamo's names are those of 1.4.2 and 1.6.1: the frontend's
 * histograms of cached tokens and of prompt tokens, the router's counters of tokens cached by the chosen and by the
 * best workers (1.6.1), and its histogram of hit rates. Undefined if no page reports any.
 */
export function serverCacheOf(server: ServerMetrics, names: CacheMetricNames): ServerCache | undefined {
  const frontend = server.frontend ?? {}
  const routed = routedTokens(frontend)
  const hitRate = seriesNamed(frontend, /^dynamo_component_router_kv_hit_rate\b/).filter(([, { last }]) => last > 0)
  const cached = tokensOf(frontend, /^dynamo_frontend_cached_tokens\b/)
  const prompts = tokensOf(frontend, /^dynamo_frontend_input_sequence_tokens\b/)
  const workers = Object.entries(server).flatMap(([source, metrics]): [string, number][] => {
    const share = takesPrompts.test(source) ? shareOfWorker(metrics, names) : null
    return share === null ? [] : [[source, share]]
  })
  const seen: ServerCache = {
    ...(cached === null || prompts === null || prompts === 0
      ? {}
      : { frontend: { cachedTokens: cached, promptTokens: prompts } }),
    ...(routed === null ? {} : { router: routed }),
    ...(hitRate.length === 0 ? {} : { routerHitRate: meanObservation(hitRate) }),
    ...(workers.length === 0 ? {} : { workers: Object.fromEntries(workers) }),
  }
  return Object.keys(seen).length === 0 ? undefined : seen
}

/** Sum of the observations of a token histogram; null if there is none. */
function tokensOf(metrics: PageMetrics, name: RegExp, labels?: RegExp): number | null {
  const found = seriesNamed(metrics, name, labels)
  return found.length === 0 ? null : found.reduce((sum, [, { mean, last }]) => sum + mean * last, 0)
}

/** In disaggregated deployments, the router chooses twice. Prompts are cached where they are prefilled. */
function routedTokens(frontend: PageMetrics): (TokenShare & { readonly bestTokens?: number }) | null {
  const isSplit = Object.keys(frontend).some(series => /^dynamo_component_router_.*phase="prefill"/.test(series))
  const labels = isSplit ? /phase="prefill"/ : undefined
  const increase = (name: RegExp) => increaseOf(frontend, name, labels)
  const selected = increase(/^dynamo_component_router_kv_selected_cached_prefix_tokens_total$/)
  const prompts = tokensOf(frontend, /^dynamo_component_router_input_sequence_tokens$/, labels)
  if (selected === null || prompts === null || prompts === 0) return null
  const best = increase(/^dynamo_component_router_kv_best_eligible_cached_prefix_tokens_total$/)
  return { cachedTokens: selected, promptTokens: prompts, ...(best === null ? {} : { bestTokens: best }) }
}

function shareOfWorker(metrics: PageMetrics, { found, lookedFor, hitRate }: CacheMetricNames): number | null {
  const [hits, all] = [increaseOf(metrics, found), increaseOf(metrics, lookedFor)]
  if (hits !== null && all !== null && all > 0) return Math.min(1, hits / all)
  const [gauge] = seriesNamed(metrics, hitRate)
  if (gauge === undefined) return null
  const { mean } = gauge[1]
  return mean > 1 ? mean / 100 : mean
}

/** Cached share of prompt tokens according to the server's metrics, and the page that reports it; null if none does. */
export function shareByPages(cache: ServerCache | undefined): { readonly share: number; readonly by: string } | null {
  const { frontend, routerHitRate } = cache ?? {}
  if (frontend !== undefined) return { share: frontend.cachedTokens / frontend.promptTokens, by: 'frontend' }
  const byPrompts = shareByPromptTakers(cache)
  if (byPrompts !== null) return byPrompts
  return routerHitRate === undefined ? null : { share: routerHitRate, by: 'router' }
}

/**
 * The same from pages about workers that prefill prompts: their own, and those of the router that chose them. The
 * frontend repeats values from answers, and the router's hit rate includes its choice of decode workers.
 */
export function shareByPromptTakers(
  cache: ServerCache | undefined,
): { readonly share: number; readonly by: string } | null {
  const { router, workers } = cache ?? {}
  const shares = Object.values(workers ?? {})
  if (shares.length > 0) return { share: shares.reduce((sum, share) => sum + share, 0) / shares.length, by: 'workers' }
  return router === undefined ? null : { share: router.cachedTokens / router.promptTokens, by: 'router' }
}
