import { disagreement, sameForBoth } from '../../engines/disagreement.ts'
import { quoted } from '../../yaml/problem.ts'
import { type Check, pairsWithSettings } from './check.ts'
import { engineOf } from './engine.ts'

/**
 * Checks that prefill and decode workers use the same KV cache layout, because decode workers read what prefill workers
 * write.
 */
export const checkCacheAgreement: Check = (sweep, { refuse, warn }) => {
  const { defaults } = engineOf(sweep.raw)
  for (const pair of pairsWithSettings(sweep)) {
    const dtype = disagreement('kvCacheDtype', pair, 'auto')
    if (dtype !== null) refuse(dtype.place, `the KV cache dtype is ${differing(dtype)}`, sameForBoth)
    const block = disagreement('kvBlockTokens', pair, defaults.kvBlockTokens)
    if (block !== null) warn(block.place, `the KV cache block size is ${differing(block)} (tokens)`, sameForBoth)
  }
}

const differing = ({ prefill, decode }: { readonly prefill: unknown; readonly decode: unknown }) =>
  `${quoted(prefill)} in prefill and ${quoted(decode)} in decode workers`
