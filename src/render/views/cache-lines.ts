import { mean } from 'simple-statistics'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { Measurement, TokenShare } from '../../metrics/measurement.ts'
import { percent } from './format.ts'

/** A line about the prefix cache: its source and the share of prompt tokens. */
export type CacheLine = readonly [who: string, share: string]

/**
 * Prefix cache of a point, as means over valid repeats: the possible share, then the shares that answers and each
 * metrics page report, by turn and by worker. Empty if only the possible share is known.
 */
export function cacheLines({ valid, deployment }: Pick<MeasuredPoint, 'valid' | 'deployment'>): readonly CacheLine[] {
  const line = (who: string, of: (m: Measurement) => number | undefined): CacheLine[] => {
    const known = valid.flatMap(m => of(m) ?? [])
    return known.length === 0 ? [] : [[who, percent(mean(known))]]
  }
  const shareOf = (tokens: TokenShare | undefined) =>
    tokens === undefined || tokens.promptTokens === 0 ? undefined : tokens.cachedTokens / tokens.promptTokens
  const turns = valid.reduce((most, { promptCache }) => Math.max(most, promptCache?.byTurn?.length ?? 0), 0)
  const workers = [...new Set(valid.flatMap(({ serverCache }) => Object.keys(serverCache?.workers ?? {})))]
  const isSplit = deployment.topology.kind === 'disaggregated'
  const answers = isSplit && !valid.some(m => m.promptCache?.isOfPrefill) ? 'answers (decode workers)' : 'answers'
  const said = [
    ...line(answers, ({ promptCache: cache }) =>
      cache === undefined || cache.impossible > 0 ? undefined : shareOf(cache),
    ),
    ...Array.from({ length: turns }, (_, turn) =>
      line(`${answers}, turn ${turn + 1}`, ({ promptCache }) => shareOf(promptCache?.byTurn?.[turn])),
    ).flat(),
    ...line('frontend', ({ serverCache }) => shareOf(serverCache?.frontend)),
    ...line('router, of the workers it chose', ({ serverCache }) => shareOf(serverCache?.router)),
    ...line('router, of the best workers', ({ serverCache }) => bestOf(serverCache?.router)),
    ...line('router, by request', ({ serverCache }) => serverCache?.routerHitRate),
    ...workers.flatMap(source => line(source, ({ serverCache }) => serverCache?.workers?.[source])),
  ]
  return said.length === 0 ? [] : [...line('possible', ({ possibleCachedShare }) => possibleCachedShare), ...said]
}

function bestOf(router: (TokenShare & { readonly bestTokens?: number }) | undefined): number | undefined {
  return router?.bestTokens === undefined ? undefined : router.bestTokens / router.promptTokens
}
